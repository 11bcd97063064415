from django.urls import register_converter
from django.urls.converters import StringConverter

from photostore.web import converters  # noqa: F401 - registers `sha256`
from photostore.web.routes import optional_slash
from students.views import attendance, lists, photo_imports, photos, student_imports, students


class SessionConverter(StringConverter):
    regex = "AM|PM"


register_converter(SessionConverter, "session")

PHOTO_IMPORT = "api/photo-imports/<uuid:import_id>/"

urlpatterns = [
    *optional_slash("api/students/", students.StudentListView.as_view(), "students"),
    *optional_slash("api/students/<int:pk>/", students.StudentView.as_view(), "student"),
    *optional_slash("api/students/<int:pk>/upload-photo/", photos.UploadPhotoView.as_view(), "upload-photo"),
    *optional_slash("api/students/<int:pk>/photo/", photos.PhotoView.as_view(), "photo"),
    *optional_slash(
        "api/students/<int:pk>/photo-history/", photos.PhotoHistoryView.as_view(), "photo-history"
    ),
    *optional_slash("api/students/<int:pk>/swap-photo/", photos.SwapPhotoView.as_view(), "swap-photo"),
    *optional_slash(
        "api/students/<int:pk>/photo-history/<sha256:sha256>/restore/",
        photos.RestorePhotoView.as_view(),
        "restore-photo",
    ),
    *optional_slash(
        "api/students/<int:pk>/attendance-photos/",
        attendance.AttendancePhotosView.as_view(),
        "attendance-photos",
    ),
    *optional_slash(
        "api/photos/students/<uuid:student_id>/attendance/<date:date>_<session:session>.jpg",
        attendance.AttendanceBytesView.as_view(),
        "attendance-bytes",
    ),
    *optional_slash(
        "api/photos/students/<uuid:student_id>/profile.jpg", photos.PhotoBytesView.as_view(), "photo-bytes"
    ),
    *optional_slash("api/students/export.csv", lists.ListCsvView.as_view(), "students-csv"),
    *optional_slash("api/students/export.xlsx", lists.ListXlsxView.as_view(), "students-xlsx"),
    *optional_slash("api/student-imports/", student_imports.StudentImportList.as_view(), "student-imports"),
    *optional_slash(
        "api/student-imports/<uuid:import_id>/",
        student_imports.StudentImportDetail.as_view(),
        "student-import",
    ),
    *optional_slash(
        "api/student-imports/<uuid:import_id>/rows/",
        student_imports.StudentImportRows.as_view(),
        "student-import-rows",
    ),
    *optional_slash(
        "api/student-imports/<uuid:import_id>/rows/<int:n>/",
        student_imports.StudentImportRow.as_view(),
        "student-import-row",
    ),
    *optional_slash(
        "api/student-imports/<uuid:import_id>/commit/",
        student_imports.StudentImportCommit.as_view(),
        "student-import-commit",
    ),
    *optional_slash(
        "api/student-imports/<uuid:import_id>/discard/",
        student_imports.StudentImportDiscard.as_view(),
        "student-import-discard",
    ),
    *optional_slash("api/photo-imports/", photo_imports.PhotoImportList.as_view(), "photo-imports"),
    *optional_slash(f"{PHOTO_IMPORT}", photo_imports.PhotoImportDetail.as_view(), "photo-import"),
    *optional_slash(
        f"{PHOTO_IMPORT}upload/", photo_imports.PhotoImportUpload.as_view(), "photo-import-upload"
    ),
    *optional_slash(f"{PHOTO_IMPORT}rows/", photo_imports.PhotoImportRows.as_view(), "photo-import-rows"),
    *optional_slash(
        f"{PHOTO_IMPORT}rows/<int:n>/", photo_imports.PhotoImportRow.as_view(), "photo-import-row"
    ),
    *optional_slash(
        f"{PHOTO_IMPORT}rows/<int:n>/photo/",
        photo_imports.PhotoImportRowPhoto.as_view(),
        "photo-import-row-photo",
    ),
    *optional_slash(
        f"{PHOTO_IMPORT}commit/", photo_imports.PhotoImportCommit.as_view(), "photo-import-commit"
    ),
    *optional_slash(
        f"{PHOTO_IMPORT}discard/", photo_imports.PhotoImportDiscard.as_view(), "photo-import-discard"
    ),
]
