"""Routes of user images, personas and media files, each system's in a list of its own."""

from django.urls import URLPattern

from media_uploads.views import images as image_views
from media_uploads.views import uploads as direct
from photostore.routes import both_forms

IMAGE = "api/user_image/<uuid:image_id>/"

images: list[URLPattern] = [
    *both_forms("api/upload_user_image/", image_views.UploadImageView.as_view(), "upload-user-image"),
    *both_forms("api/user_images/<str:username>/", image_views.UserImagesView.as_view(), "user-images"),
    *both_forms(f"{IMAGE}delete/", image_views.DeleteImageView.as_view(), "delete-user-image"),
    *both_forms(f"{IMAGE}set_primary/", image_views.SetPrimaryView.as_view(), "set-primary-image"),
    *both_forms(f"{IMAGE}serve/", image_views.ServeImageView.as_view(), "serve-user-image"),
]
media: list[URLPattern] = []
uploads: list[URLPattern] = [
    *both_forms("media/uploads/<int:persona_id>", direct.OpenUploadView.as_view(), "open-direct-upload"),
    *both_forms("media/uploads/<uuid:upload_id>", direct.DirectUploadView.as_view(), "direct-upload"),
    *both_forms(
        "media/uploads/<uuid:upload_id>/complete",
        direct.CompleteUploadView.as_view(),
        "complete-direct-upload",
    ),
]

urlpatterns = [*images, *media, *uploads]
