"""The documented service's addresses."""

from __future__ import annotations

from django.urls import path

from bench.documented import views
from bench.documented.models import Image

urlpatterns = [
    path("documented/media/", views.UploadMediaView.as_view()),
    path("documented/media/list/", views.MediaListView.as_view()),
    path("documented/media/<int:pk>/", views.DownloadMediaView.as_view()),
    path("people/<int:pk>/upload-photo/", views.UploadPhotoView.as_view()),
    path("people/<int:pk>/photo.jpg", views.FileView.as_view()),
    path("images/upload/", views.UploadImageView.as_view()),
    path("images/of/<str:username>/", views.ImagesView.as_view()),
    path("images/<int:pk>/serve/", views.FileView.as_view(model=Image)),
]
