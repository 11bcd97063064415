"""Routes of the people's app."""

from django.views.i18n import set_language

from photostore.web.routes import both_forms
from profile_pictures.views import auth, page, pictures

urlpatterns = [
    *both_forms("api/auth/login/", auth.LoginView.as_view(), "login"),
    *both_forms("api/auth/logout/", auth.LogoutView.as_view(), "logout"),
    *both_forms("api/auth/logoutall/", auth.LogoutAllView.as_view(), "logoutall"),
    *both_forms("api/auth/me/", auth.MeView.as_view(), "me"),
    *both_forms("api/users/upload-profile-picture/", pictures.UploadView.as_view(), "upload-profile-picture"),
    *both_forms(
        "api/users/confirm-profile-picture/", pictures.ConfirmView.as_view(), "confirm-profile-picture"
    ),
    *both_forms(
        "api/users/profile-picture-uploads/", pictures.UploadsView.as_view(), "profile-picture-uploads"
    ),
    *both_forms(
        "api/users/profile-picture-uploads/<int:pk>/",
        pictures.PendingUploadView.as_view(),
        "profile-picture-upload",
    ),
    *both_forms(
        "api/users/profile-picture-uploads/<int:pk>/revert/",
        pictures.RevertView.as_view(),
        "revert-profile-picture",
    ),
    *both_forms(
        "api/users/<str:username>/profile-picture/", pictures.PictureView.as_view(), "profile-picture"
    ),
    *both_forms("me/picture/", page.MyPictureView.as_view(), "my-picture"),
    *both_forms("me/language/", set_language, "set_language"),
    *both_forms("me/sign-in/", page.SignInView.as_view(), "sign-in"),
    *both_forms("me/sign-out/", page.SignOutView.as_view(), "sign-out"),
]
