"""Routes of the students' app."""

from django.urls import register_converter
from django.urls.converters import StringConverter

from photostore.web import converters  # noqa: F401 - registers `sha256`
from photostore.web.routes import both_forms
from students.views import attendance, photos, student_imports, students


class SessionConverter(StringConverter):
    """Half of a day."""

    regex = "AM|PM"


register_converter(SessionConverter, "session")

urlpatterns = [
    *both_forms("api/students/", students.StudentListView.as_view(), "students"),
    *both_forms("api/students/<int:pk>/", students.StudentView.as_view(), "student"),
    *both_forms("api/students/<int:pk>/upload-photo/", photos.UploadPhotoView.as_view(), "upload-photo"),
    *both_forms("api/students/<int:pk>/photo/", photos.PhotoView.as_view(), "photo"),
    *both_forms("api/students/<int:pk>/photo-history/", photos.PhotoHistoryView.as_view(), "photo-history"),
    *both_forms("api/students/<int:pk>/swap-photo/", photos.SwapPhotoView.as_view(), "swap-photo"),
    *both_forms(
        "api/students/<int:pk>/photo-history/<sha256:sha256>/restore/",
        photos.RestorePhotoView.as_view(),
        "restore-photo",
    ),
    *both_forms(
        "api/students/<int:pk>/attendance-photos/",
        attendance.AttendancePhotosView.as_view(),
        "attendance-photos",
    ),
    *both_forms(
        "api/photos/students/<uuid:student_id>/attendance/<date:date>_<session:session>.jpg",
        attendance.AttendanceBytesView.as_view(),
        "attendance-bytes",
    ),
    *both_forms(
        "api/photos/students/<uuid:student_id>/profile.jpg", photos.PhotoBytesView.as_view(), "photo-bytes"
    ),
    *both_forms("api/student-imports/", student_imports.StudentImportList.as_view(), "student-imports"),
    *both_forms(
        "api/student-imports/<uuid:import_id>/",
        student_imports.StudentImportDetail.as_view(),
        "student-import",
    ),
    *both_forms(
        "api/student-imports/<uuid:import_id>/rows/",
        student_imports.StudentImportRows.as_view(),
        "student-import-rows",
    ),
    *both_forms(
        "api/student-imports/<uuid:import_id>/rows/<int:n>/",
        student_imports.StudentImportRow.as_view(),
        "student-import-row",
    ),
    *both_forms(
        "api/student-imports/<uuid:import_id>/commit/",
        student_imports.StudentImportCommit.as_view(),
        "student-import-commit",
    ),
    *both_forms(
        "api/student-imports/<uuid:import_id>/discard/",
        student_imports.StudentImportDiscard.as_view(),
        "student-import-discard",
    ),
]
