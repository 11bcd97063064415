"""The documented service's addresses."""

from __future__ import annotations

from django.urls import path

from bench.documented.images import ImagesView, ServeImageView, UploadImageView
from bench.documented.media import DownloadMediaView, MediaListView, UploadMediaView
from bench.documented.views import PhotoView, UploadPhotoView

urlpatterns = [
    path("documented/media/", UploadMediaView.as_view()),
    path("documented/media/list/", MediaListView.as_view()),
    path("documented/media/<int:pk>/", DownloadMediaView.as_view()),
    path("people/<int:pk>/upload-photo/", UploadPhotoView.as_view()),
    path("people/<int:pk>/photo.jpg", PhotoView.as_view()),
    path("images/upload/", UploadImageView.as_view()),
    path("images/of/<str:username>/", ImagesView.as_view()),
    path("images/<int:pk>/serve/", ServeImageView.as_view()),
]
