"""Routes of user images, personas and media files, each system's in a list of its own."""

from django.urls import URLPattern

images: list[URLPattern] = []
media: list[URLPattern] = []
uploads: list[URLPattern] = []

urlpatterns = [*images, *media, *uploads]
