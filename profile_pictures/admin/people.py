"""People in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from photostore.admin import ReadOnlyAdmin
from photostore.register.settling import drain_all
from profile_pictures.models import User

admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]
    """Accounts and their permissions."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], Any]:
        """What the service itself writes about somebody (what they use) needs no leave to go with them."""
        deleted, counts, needed, protected = super().get_deleted_objects(objs, request)
        desks = self.admin_site._registry.items()
        written = {str(model._meta.verbose_name) for model, desk in desks if isinstance(desk, ReadOnlyAdmin)}
        return deleted, counts, {str(name) for name in needed} - written, protected

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """The database takes along what is theirs, in every app; the bytes go after the commit."""
        with transaction.atomic():
            transaction.on_commit(drain_all)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """As `delete_model`, for many."""
        with transaction.atomic():
            transaction.on_commit(drain_all)
            super().delete_queryset(request, queryset)


@admin.register(Group)
class GroupAdmin(ModelAdmin):  # type: ignore[misc]
    """Sets of permissions, such as "may see students"."""

    search_fields = ["name"]
    filter_horizontal = ["permissions"]
