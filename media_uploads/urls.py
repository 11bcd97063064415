"""Routes of user images, personas and media files, each system's in a list of its own."""

from django.urls import URLPattern

from media_uploads.views import direct, personas, storage_status
from media_uploads.views import files as file_views
from media_uploads.views import images as image_views
from photostore.web.routes import optional_slash

IMAGE = "api/user_image/<uuid:image_id>/"

images: list[URLPattern] = [
    *optional_slash("api/upload_user_image/", image_views.UploadImageView.as_view(), "upload-user-image"),
    *optional_slash("api/user_images/<str:username>/", image_views.UserImagesView.as_view(), "user-images"),
    *optional_slash(f"{IMAGE}delete/", image_views.DeleteImageView.as_view(), "delete-user-image"),
    *optional_slash(f"{IMAGE}set_primary/", image_views.SetPrimaryView.as_view(), "set-primary-image"),
    *optional_slash(f"{IMAGE}serve/", image_views.ServeImageView.as_view(), "serve-user-image"),
    *optional_slash("api/debug/r2-status/", storage_status.StorageStatusView.as_view(), "storage-status"),
    *optional_slash("api/test-r2-storage/", storage_status.TestStorageView.as_view(), "test-storage"),
]
media: list[URLPattern] = [
    *optional_slash("api/personas/", personas.PersonasView.as_view(), "personas"),
    *optional_slash("api/personas/<int:persona_id>/", personas.PersonaView.as_view(), "persona"),
    *optional_slash("media/upload/<int:persona_id>", file_views.MediaUploadView.as_view(), "media-upload"),
    *optional_slash("media/files", file_views.MediaFilesView.as_view(), "media-files"),
    *optional_slash("media/files/<int:file_id>", file_views.MediaFileView.as_view(), "media-file"),
    *optional_slash("media/download/<int:file_id>", file_views.MediaDownloadView.as_view(), "media-download"),
    *optional_slash("media/stats", file_views.MediaStatsView.as_view(), "media-stats"),
]
uploads: list[URLPattern] = [
    *optional_slash("media/uploads/<int:persona_id>", direct.OpenUploadView.as_view(), "open-direct-upload"),
    *optional_slash("media/uploads/<uuid:upload_id>", direct.DirectUploadView.as_view(), "direct-upload"),
    *optional_slash(
        "media/uploads/<uuid:upload_id>/complete",
        direct.CompleteUploadView.as_view(),
        "complete-direct-upload",
    ),
]

urlpatterns = [*images, *media, *uploads]
