"""People in the admin."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from profile_pictures.models import ProfilePictureUpload, User
from profile_pictures.uploads import remove_bytes

admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]
    """Accounts and their permissions."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """The database takes the pictures' rows along; their bytes go after the commit."""
        with transaction.atomic():
            remove_bytes_after_commit([obj.pk])
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """As `delete_model`, for many."""
        with transaction.atomic():
            remove_bytes_after_commit(queryset.values_list("pk", flat=True))
            super().delete_queryset(request, queryset)


@admin.register(Group)
class GroupAdmin(ModelAdmin):  # type: ignore[misc]
    """Sets of permissions, such as "may see students"."""

    search_fields = ["name"]
    filter_horizontal = ["permissions"]


def remove_bytes_after_commit(user_ids: Iterable[int]) -> None:
    """Remove the files of all uploads of these people once their rows are gone for good.

    Asked for before the deletion, as the ids are not known afterwards. Files whose rows are still there,
    because the deletion was rolled back, are in no outbox and stay.
    """
    uploads = ProfilePictureUpload.objects.filter(user_id__in=list(user_ids))
    ids = list(uploads.values_list("pk", flat=True))
    transaction.on_commit(partial(remove_bytes, ids))
