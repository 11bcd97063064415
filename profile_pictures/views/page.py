"""`/me/picture/`: where a person chooses their picture. All it does goes through the REST API."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from photostore.uploads.handler import MEGABYTE
from profile_pictures.forms import SignInForm
from profile_pictures.pictures import MAX_FILE_BYTES


class MyPictureView(LoginRequiredMixin, TemplateView):
    """The page itself; the pictures on it come from the API."""

    template_name = "profile_pictures/me.html"
    login_url = reverse_lazy("sign-in")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the page's script needs to know."""
        words = {name: str(sentence) for name, sentence in sentences().items()}
        return super().get_context_data(words=words, max_bytes=MAX_FILE_BYTES, **kwargs)


class SignInView(LoginView):
    """For everybody: the admin's own login lets staff only pass."""

    http_method_names = ["get", "head", "post", "options"]
    template_name = "profile_pictures/sign_in.html"
    form_class = SignInForm
    next_page = "my-picture"
    redirect_authenticated_user = True


class SignOutView(LogoutView):
    next_page = "sign-in"


def sentences() -> dict[str, str]:
    """What the script says by itself; refusals bring their own sentences from the API."""
    return {
        "tooLarge": _("This file is larger than %(limit)d MB. Please choose a smaller one.")
        % {"limit": MAX_FILE_BYTES // MEGABYTE},
        "noPicture": _("There is no picture in what you pasted or dropped."),
        "lost": _("The connection was lost. Your picture has not changed as far as we know."),
        "signedOut": _("You are signed out. Reload this page to sign in again; nothing was changed."),
        "trouble": _("Something went wrong on the server. Please try again in a moment."),
        "gone": _("This picture has expired or was deleted elsewhere. Please choose it again."),
        "stopped": _("Stopped. Nothing was changed."),
        "ready": _("The picture is uploaded. Choose the part that others will see, then confirm it."),
        "dropped": _("Deleted. Your profile picture has not changed."),
        "sending": _("Sending: {percent} %"),
        "working": _("Sent. One moment: the picture is being prepared."),
        "cameraRefused": _("The camera cannot be used. Allow it in your browser, or choose a file."),
        "today": _("Your current picture"),
        "again": _("Restore this picture"),
        "pictureOf": _("Your picture of {date}"),
        "waitsUntil": _("It awaits your confirmation until {date}."),
        "look": _("Go on with this one"),
        "drop": _("Delete it"),
        "none": _("You have no picture yet."),
    }
