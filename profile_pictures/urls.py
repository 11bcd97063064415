"""Routes of the people's app."""

from photostore.routes import both_forms
from profile_pictures.views import auth

urlpatterns = [
    *both_forms("api/auth/login/", auth.LoginView.as_view(), "login"),
    *both_forms("api/auth/logout/", auth.LogoutView.as_view(), "logout"),
    *both_forms("api/auth/logoutall/", auth.LogoutAllView.as_view(), "logoutall"),
    *both_forms("api/auth/me/", auth.MeView.as_view(), "me"),
]
