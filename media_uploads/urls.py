"""Routes of user images, personas and media files, each system's in a list of its own."""

from django.urls import URLPattern

from media_uploads.views import direct, personas, storage_status
from media_uploads.views import files as file_views
from media_uploads.views import images as image_views
from photostore.web.routes import both_forms

IMAGE = "api/user_image/<uuid:image_id>/"

images: list[URLPattern] = [
    *both_forms("api/upload_user_image/", image_views.UploadImageView.as_view(), "upload-user-image"),
    *both_forms("api/user_images/<str:username>/", image_views.UserImagesView.as_view(), "user-images"),
    *both_forms(f"{IMAGE}delete/", image_views.DeleteImageView.as_view(), "delete-user-image"),
    *both_forms(f"{IMAGE}set_primary/", image_views.SetPrimaryView.as_view(), "set-primary-image"),
    *both_forms(f"{IMAGE}serve/", image_views.ServeImageView.as_view(), "serve-user-image"),
    *both_forms("api/debug/r2-status/", storage_status.StorageStatusView.as_view(), "storage-status"),
    *both_forms("api/test-r2-storage/", storage_status.TestStorageView.as_view(), "test-storage"),
]
media: list[URLPattern] = [
    *both_forms("api/personas/", personas.PersonasView.as_view(), "personas"),
    *both_forms("api/personas/<int:persona_id>/", personas.PersonaView.as_view(), "persona"),
    *both_forms("media/upload/<int:persona_id>", file_views.MediaUploadView.as_view(), "media-upload"),
    *both_forms("media/files", file_views.MediaFilesView.as_view(), "media-files"),
    *both_forms("media/files/<int:file_id>", file_views.MediaFileView.as_view(), "media-file"),
    *both_forms("media/download/<int:file_id>", file_views.MediaDownloadView.as_view(), "media-download"),
    *both_forms("media/stats", file_views.MediaStatsView.as_view(), "media-stats"),
]
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
