"""Every deployment value comes from the environment; docs/settings.md lists them all."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from django.utils.translation import gettext_lazy as _
from pythonjsonlogger.core import RESERVED_ATTRS

from config.database import database_url, given_url
from config.environment import flag, folder, mode, number, stop, time_zone, words
from photostore.secrets import kept_secret
from photostore.storage.configuration import StorageMisconfigured, storages_from_environment

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = folder("PHOTOKEEP_STATE_DIR", BASE_DIR / "var")

DEBUG = flag("DEBUG")
# Without DATABASE_URL the service runs a database of its own under var/: it is being tried out or
# developing, so the secret may be made up as well. With one it is a deployment and must be told.
OWN_DATABASE = not given_url() or os.environ.get("PHOTOKEEP_EMBEDDED") == "1"

SECRET_KEY = os.environ.get("SECRET_KEY", "")
if not SECRET_KEY:
    if not (OWN_DATABASE or DEBUG):
        stop(
            "SECRET_KEY is not set. Make one with "
            "`python -c 'import secrets; print(secrets.token_urlsafe(50))'` and keep it secret."
        )
    SECRET_KEY = kept_secret(STATE_DIR / "secret_key")
SECRET_KEY_FALLBACKS = words("SECRET_KEY_FALLBACKS")

PUBLIC_BASE_URL = os.environ.get("PUBLIC_BASE_URL", "").rstrip("/")
if PUBLIC_BASE_URL and not (
    urlsplit(PUBLIC_BASE_URL).scheme in {"http", "https"} and urlsplit(PUBLIC_BASE_URL).hostname
):
    stop(f"PUBLIC_BASE_URL={PUBLIC_BASE_URL!r} must look like https://photos.example.org")
SERVED_OVER_HTTPS = PUBLIC_BASE_URL.startswith("https://")

ALLOWED_HOSTS = words("ALLOWED_HOSTS")
if not ALLOWED_HOSTS and PUBLIC_BASE_URL:
    ALLOWED_HOSTS = [str(urlsplit(PUBLIC_BASE_URL).hostname)]
if not ALLOWED_HOSTS:
    if not (OWN_DATABASE or DEBUG):
        stop("ALLOWED_HOSTS is not set. Name the hosts that people use, such as photos.example.org")
    ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
CSRF_FAILURE_VIEW = "photostore.web.problems.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL] if PUBLIC_BASE_URL else []

INSTALLED_APPS = [
    "procrastinate.contrib.django",
    "photostore",
    "profile_pictures",
    "students",
    "media_uploads",
    "config.apps.PhotokeepConfig",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

# Each app says in `jobs.py` what it does in the background.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

MIDDLEWARE = [
    "config.request_log.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "photostore.web.content_security.ContentSecurityMiddleware",
    "photostore.uploads.middleware.CharsetMiddleware",
    "photostore.uploads.middleware.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "profile_pictures.idle.SlidingSessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "photostore.web.problems.ProblemMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
# Both forms of every address work; each route says so itself, so no redirect drops an upload's body.
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- PostgreSQL, and nothing else -------------------------------------------------------------------

DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(
        database_url(STATE_DIR), conn_max_age=number("CONN_MAX_AGE", 600), conn_health_checks=True
    )
}
if DATABASES["default"].get("ENGINE") != "django.db.backends.postgresql":
    stop("DATABASE_URL must name a PostgreSQL server: postgresql://user:password@host:5432/name")
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People -----------------------------------------------------------------------------------------

AUTH_USER_MODEL = "profile_pictures.User"
AUTHENTICATION_BACKENDS = ["profile_pictures.backends.ThrottledModelBackend"]
LOGIN_URL = "admin:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_TTL": timedelta(hours=number("TOKEN_TTL_HOURS", 10, minimum=1)),
    "USER_SERIALIZER": "profile_pictures.serializers.UserSerializer",
    "EXPIRY_DATETIME_FORMAT": None,
}

# --- Bytes ------------------------------------------------------------------------------------------

MEDIA_URL = "/media/"
MEDIA_ROOT = folder("MEDIA_ROOT", BASE_DIR / "media")
# Of every folder and file that is made there. By default only the service itself may read them.
MEDIA_FOLDER_MODE = mode("MEDIA_FOLDER_MODE", "0700", owner=0o700)
MEDIA_FILE_MODE = mode("MEDIA_FILE_MODE", "0600", owner=0o600)
PHOTO_BACKUP_DIR = folder("PHOTO_BACKUP_DIR", BASE_DIR / "backups")
PHOTO_IDENTITY_KEYS = words("PHOTO_IDENTITY_KEYS")
try:
    STORAGES = storages_from_environment(os.environ, media_root=MEDIA_ROOT)
except StorageMisconfigured as error:
    stop(str(error))
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

PHOTO_MAX_SIDE = number("PHOTO_MAX_SIDE", 1920, minimum=640)
# Earlier profile pictures that stay beside today's.
PROFILE_PICTURES_KEPT = number("PROFILE_PICTURES_KEPT", 10)
# What one person may keep in images and media files, originals only.
USER_QUOTA_BYTES = number("USER_QUOTA_MB", 5 * 1024) * 1_048_576
USER_QUOTA_FILES = number("USER_QUOTA_FILES", 10_000)
# Media files that one person may have on their way in at a time, by direct or resumable upload.
OPEN_UPLOADS_PER_USER = number("OPEN_UPLOADS_PER_USER", 20, minimum=1)
# A ClamAV daemon that looks through every file before it is kept: a path, or a host with its port.
CLAMAV_SOCKET = os.environ.get("CLAMAV_SOCKET", "").strip()
if CLAMAV_SOCKET and not re.fullmatch(r"/.+|[^/\s]+:[0-9]{1,5}", CLAMAV_SOCKET):
    stop(
        f"CLAMAV_SOCKET={CLAMAV_SOCKET!r} must be the path of clamd's socket, such as /run/clamav/clamd.ctl, "
        "or its host and port, such as 127.0.0.1:3310. Unset it to take files without looking for viruses."
    )
CLAMAV_TIMEOUT_SECONDS = number("CLAMAV_TIMEOUT_SECONDS", 60, minimum=1)
# Pictures and media files that one person may hand in or announce in a minute; staff ten times as many.
UPLOADS_PER_MINUTE = number("UPLOADS_PER_MINUTE", 60, minimum=1)
# What the pictures of one person may cost in ten minutes; a large photo costs one or two.
UPLOAD_CPU_SECONDS = number("UPLOAD_CPU_SECONDS", 300, minimum=10)
# Of photos handed in by the hundred: the zip, one file of it, and all of it unpacked.
PHOTO_IMPORT_MAX_MB = number("PHOTO_IMPORT_MAX_MB", 4 * 1024, minimum=1)
PHOTO_IMPORT_MAX_FILE_MB = number("PHOTO_IMPORT_MAX_FILE_MB", 20, minimum=1)
PHOTO_IMPORT_MAX_UNPACKED_MB = number("PHOTO_IMPORT_MAX_UNPACKED_MB", 25 * 1024, minimum=1)
PHOTO_IMPORT_MAX_FILES = number("PHOTO_IMPORT_MAX_FILES", 20_000, minimum=1)
MEDIA_LINK_SECONDS = number("MEDIA_LINK_SECONDS", 300, minimum=1)
# For example SENDFILE_HEADER=X-Accel-Redirect and SENDFILE_PREFIX=/protected/ behind nginx.
SENDFILE_HEADER = os.environ.get("SENDFILE_HEADER", "")
SENDFILE_PREFIX = os.environ.get("SENDFILE_PREFIX", "")
if bool(SENDFILE_HEADER) != bool(SENDFILE_PREFIX):
    stop("SENDFILE_HEADER and SENDFILE_PREFIX belong together: set both or neither.")

FILE_UPLOAD_HANDLERS = ["photostore.uploads.handler.LimitedUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 100

# --- HTTP -------------------------------------------------------------------------------------------

TRUSTED_PROXIES = words("TRUSTED_PROXIES")
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# A session that is idle for so long asks for the password again.
SESSION_COOKIE_AGE = number("SESSION_IDLE_MINUTES", 60, minimum=1) * 60
# How long the audit says who did what; 0 for ever.
AUDIT_DAYS = number("AUDIT_DAYS", 3 * 365)

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = SERVED_OVER_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if SERVED_OVER_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SERVED_OVER_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    # Bearer first: it gives the WWW-Authenticate header, so that a request without credentials gets no 403.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "profile_pictures.authentication.BearerAuthentication",
        "profile_pictures.authentication.PageAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "photostore.uploads.parsers.JSONParser",
        "photostore.uploads.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_PAGINATION_CLASS": "photostore.web.paging.Cursor",
    "DEFAULT_SCHEMA_CLASS": "photostore.web.schema.ProblemSchema",
    # OPTIONS describes nothing: the OpenAPI document does, in full.
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "photostore.web.problems.handle_exception",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Photokeep",
    "DESCRIPTION": "Keeps people's photos: none lost, none on the wrong person, none seen by the wrong eyes.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "PREPROCESSING_HOOKS": ["photostore.web.routes.documented_only"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/",
    # Both are called `state`, and a typed client needs two names.
    "ENUM_NAME_OVERRIDES": {
        "ImportStateEnum": "students.models.imports.Import.State",
        "OperationStateEnum": "photostore.models.Operation.State",
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
}

# --- Languages, time, static files, logs ------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
# The language that a user chose on a page; without a choice Accept-Language decides, as it always does for
# the API.
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SERVED_OVER_HTTPS
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = time_zone("TIME_ZONE", "UTC")
USE_TZ = True

STATIC_URL = "/static/"
# Files come straight from the packages that ship them: nothing to collect, nothing to forget.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "photostore.request_id.RequestIdFilter"}},
    "formatters": {
        "json": {
            "()": "config.log_format.PrivateJsonFormatter",
            "format": "{asctime}{levelname}{name}{message}{request_id}",
            "style": "{",
            "rename_fields": {"asctime": "at", "levelname": "level", "name": "logger"},
            # Django hands the request along, and its text holds the query: perhaps a signed link.
            "reserved_attrs": [*RESERVED_ATTRS, "request"],
        }
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["request_id"]}
    },
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO").upper()},
    "loggers": {
        "django": {"level": "WARNING", "propagate": True},
        # One line for every step of every picture otherwise.
        "pyvips": {"level": "WARNING", "propagate": True},
        # Several for every job, and the web workers do none.
        "procrastinate": {"level": "WARNING", "propagate": True},
    },
}

SILENCED_SYSTEM_CHECKS: list[str] = []

UNFOLD = {
    "SITE_TITLE": "Photokeep",
    "SITE_HEADER": "Photokeep",
    "SITE_SYMBOL": "photo_library",
    "DASHBOARD_CALLBACK": "config.start_page.start_page",
    "SIDEBAR": {"navigation": "config.sidebar.navigation"},
    "LOGIN": {"form": "profile_pictures.forms.LoginForm"},
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: f"{STATIC_URL}config/icon.svg"}
    ],
}
