"""The documented service's two addresses."""

from __future__ import annotations

from django.urls import path

from bench.documented.views import PhotoView, UploadPhotoView

urlpatterns = [
    path("people/<int:pk>/upload-photo/", UploadPhotoView.as_view()),
    path("people/<int:pk>/photo.jpg", PhotoView.as_view()),
]
