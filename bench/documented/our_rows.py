"""The documented way from our own rows to JSON: ModelSerializer, pages by OFFSET, search by icontains."""

from __future__ import annotations

from typing import Any

from django.core.files.storage import default_storage
from django.core.signing import Signer
from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers
from rest_framework.filters import SearchFilter
from rest_framework.generics import ListAPIView
from rest_framework.pagination import PageNumberPagination

from config.urls import urlpatterns as ours
from media_uploads.models import UserImage
from photostore import keys
from students.models import Student
from students.permissions import StudentPermission

THUMBNAIL_SIZES = ("96", "256", "640")
signer = Signer()


class SignedLinks:
    """Links as our own answers have them."""

    context: dict[str, Any]

    def _link(self, key: str) -> str:
        signed = f"{default_storage.url(key)}?signature={signer.signature(key)}"
        return str(self.context["request"].build_absolute_uri(signed))


class StudentSerializer(SignedLinks, serializers.ModelSerializer[Student]):
    profile_photo = serializers.CharField(source="profile_photo.name")
    profile_photo_url = serializers.SerializerMethodField()
    photo = serializers.SerializerMethodField()
    thumbnails = serializers.SerializerMethodField()

    class Meta:
        model = Student
        fields = [
            *("id", "student_id", "student_number", "name", "first_name", "last_name", "grade", "class_name"),
            *("status", "left_on", "profile_photo", "profile_photo_url", "photo", "thumbnails"),
            *("photo_updated_at", "created_at", "updated_at"),
        ]

    def get_profile_photo_url(self, student: Student) -> str | None:
        return self._link(str(student.profile_photo.name)) if student.profile_photo else None

    def get_photo(self, student: Student) -> str | None:
        return f"/api/photos/students/{student.student_id}/profile.jpg" if student.profile_photo else None

    def get_thumbnails(self, student: Student) -> dict[str, str] | None:
        if not student.profile_photo:
            return None
        return {
            size: self._link(keys.student_thumbnail(student.student_id, student.photo_sha256, size))
            for size in THUMBNAIL_SIZES
        }


class UserImageSerializer(SignedLinks, serializers.ModelSerializer[UserImage]):
    url = serializers.SerializerMethodField()
    size_bytes = serializers.IntegerField(source="file_size")
    thumbnails = serializers.SerializerMethodField()

    class Meta:
        model = UserImage
        fields = [
            *("id", "url", "image_type", "is_primary", "caption", "uploaded_at", "width", "height"),
            *("size_bytes", "mime_type", "thumbnails"),
        ]

    def get_url(self, image: UserImage) -> str:
        return self._link(image.key)

    def get_thumbnails(self, image: UserImage) -> dict[str, str]:
        return {size: self._link(keys.user_image_thumbnail(image.pk, size)) for size in THUMBNAIL_SIZES}


class HundredPerPage(PageNumberPagination):
    page_size = 100


class StudentListView(ListAPIView[Student]):
    """Who may look at ours may look at this one."""

    permission_classes = [StudentPermission]
    serializer_class = StudentSerializer
    pagination_class = HundredPerPage
    filter_backends = [SearchFilter]
    search_fields = ["name", "student_number"]

    def get_queryset(self) -> QuerySet[Student]:
        students = Student.objects.order_by("id")
        if self.request.query_params.get("has_photo") == "false":
            students = students.filter(profile_photo="")
        if class_name := self.request.query_params.get("class_name"):
            students = students.filter(class_name=class_name)
        return students


urlpatterns = [path("documented/students/", StudentListView.as_view()), *ours]
