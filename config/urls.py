from django.conf import settings
from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularSwaggerSplitView

from config.health import healthz, readyz
from config.home import home
from config.metrics import metrics
from config.schema import SchemaView
from photostore.delivery.views import media
from photostore.views.operations import OperationList, OperationUndo
from photostore.web.routes import optional_slash

urlpatterns = [
    path("", home, name="home"),
    path(
        "favicon.ico", RedirectView.as_view(url=static("config/icon.svg"), http_method_names=["get", "head"])
    ),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("admin/", admin.site.urls),
    *optional_slash("api/schema/", SchemaView.as_view(), "schema"),
    *optional_slash("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), "docs"),
    *optional_slash("api/operations/", OperationList.as_view(), "operations"),
    *optional_slash("api/operations/<uuid:operation_id>/undo/", OperationUndo.as_view(), "undo-operation"),
    path("", include("profile_pictures.urls")),
    path("", include("students.urls")),
    # Before the signed links: some of its routes lie under /media/ as well.
    path("", include("media_uploads.urls")),
    path(f"{settings.MEDIA_URL.lstrip('/')}<path:key>", media, name="media"),
]

handler400 = "photostore.web.problems.bad_request"
handler403 = "photostore.web.problems.forbidden"
handler404 = "photostore.web.problems.not_found"
handler500 = "photostore.web.problems.server_error"
