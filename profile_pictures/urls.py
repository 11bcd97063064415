from django.views.i18n import set_language

from photostore.web.routes import optional_slash
from profile_pictures.views import auth, page, pictures

urlpatterns = [
    *optional_slash("api/auth/login/", auth.LoginView.as_view(), "login"),
    *optional_slash("api/auth/logout/", auth.LogoutView.as_view(), "logout"),
    *optional_slash("api/auth/logoutall/", auth.LogoutAllView.as_view(), "logoutall"),
    *optional_slash("api/auth/me/", auth.MeView.as_view(), "me"),
    *optional_slash(
        "api/users/upload-profile-picture/", pictures.UploadView.as_view(), "upload-profile-picture"
    ),
    *optional_slash(
        "api/users/confirm-profile-picture/", pictures.ConfirmView.as_view(), "confirm-profile-picture"
    ),
    *optional_slash(
        "api/users/profile-picture-uploads/", pictures.UploadsView.as_view(), "profile-picture-uploads"
    ),
    *optional_slash(
        "api/users/profile-picture-uploads/<int:pk>/",
        pictures.PendingUploadView.as_view(),
        "profile-picture-upload",
    ),
    *optional_slash(
        "api/users/profile-picture-uploads/<int:pk>/revert/",
        pictures.RevertView.as_view(),
        "revert-profile-picture",
    ),
    *optional_slash(
        "api/users/<str:username>/profile-picture/", pictures.PictureView.as_view(), "profile-picture"
    ),
    *optional_slash("me/picture/", page.MyPictureView.as_view(), "my-picture"),
    *optional_slash("me/language/", set_language, "set_language"),
    *optional_slash("me/sign-in/", page.SignInView.as_view(), "sign-in"),
    *optional_slash("me/sign-out/", page.SignOutView.as_view(), "sign-out"),
]
