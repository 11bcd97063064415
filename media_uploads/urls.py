"""Routes of user images, personas and media files, each system's in a list of its own."""

from django.urls import URLPattern

from media_uploads.views import images as image_views
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
uploads: list[URLPattern] = []

urlpatterns = [*images, *media, *uploads]
