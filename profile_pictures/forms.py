"""Signing in: to the admin, and to one's own page."""

from __future__ import annotations

from django.contrib.auth import forms as django_forms
from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm

from photostore.audit import Actor, record_refusal


class LoginForm(AuthenticationForm):  # type: ignore[misc]
    """The admin's own form, whose refusals leave an audit row as the API's do."""

    def get_invalid_login_error(self) -> ValidationError:
        """Called for a wrong name and a wrong password alike."""
        if self.request is not None:
            record_refusal(Actor.of(self.request, "admin"), "login", code="wrong_credentials")
        error: ValidationError = super().get_invalid_login_error()
        return error


class SignInForm(django_forms.AuthenticationForm):
    """The same for people who are not staff."""

    def get_invalid_login_error(self) -> ValidationError:
        if self.request is not None:
            record_refusal(Actor.of(self.request, "page"), "login", code="wrong_credentials")
        return super().get_invalid_login_error()
