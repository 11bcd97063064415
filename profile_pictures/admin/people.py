"""People, groups and tokens in the admin; users with more rights than oneself cannot be changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from knox import admin as _knox_admin  # noqa: F401 - its own page is known before ours takes its place
from knox.models import AuthToken
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from photostore.admin import CheckedActions, ReadOnlyAdmin
from photostore.audit import current_actor, record, subject_of_user
from photostore.register.after_commit import drain_all
from profile_pictures.models import User
from profile_pictures.rights import grantable, grantable_groups, may_manage, may_manage_group

admin.site.unregister(Group)
admin.site.unregister(AuthToken)


class WithinOwnRights(CheckedActions):
    """Offers only what the signed-in user may grant, and lets them change and delete only what they may
    manage.
    """

    def may_manage(self, actor: Any, obj: Any) -> bool:
        """Whether this one has no more rights than `actor`."""
        raise NotImplementedError

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = bool(super().has_change_permission(request, obj))
        return allowed and (obj is None or self.may_manage(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = bool(super().has_delete_permission(request, obj))
        return allowed and (obj is None or self.may_manage(request.user, obj))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """What else is sent is no valid choice."""
        offered = grantable_groups if db_field.name == "groups" else grantable
        kwargs["queryset"] = offered(request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@admin.register(User)
class UserAdmin(WithinOwnRights, DjangoUserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm

    def may_manage(self, actor: Any, obj: User) -> bool:
        return may_manage(actor, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only superusers make superusers."""
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, "is_superuser")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], Any]:
        """Rows that the service itself writes about a user (usage) need no permission to be deleted along."""
        deleted, counts, needed, protected = super().get_deleted_objects(objs, request)
        admins = self.admin_site._registry.items()
        written = {
            str(model._meta.verbose_name) for model, shown in admins if isinstance(shown, ReadOnlyAdmin)
        }
        return deleted, counts, {str(name) for name in needed} - written, protected

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """The database takes along what is theirs, in every app; the bytes go after the commit."""
        with transaction.atomic():
            transaction.on_commit(drain_all)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        with transaction.atomic():
            transaction.on_commit(drain_all)
            super().delete_queryset(request, queryset)


@admin.register(Group)
class GroupAdmin(WithinOwnRights, ModelAdmin):  # type: ignore[misc]
    """Sets of permissions, such as "may see students"."""

    search_fields = ["name"]
    filter_horizontal = ["permissions"]

    def may_manage(self, actor: Any, obj: Group) -> bool:
        return may_manage_group(actor, obj)


@admin.register(AuthToken)
class TokenAdmin(WithinOwnRights, ModelAdmin):  # type: ignore[misc]
    """Who is signed in by a program; a token is made by signing in, ended here, and changed nowhere."""

    list_display = ["user", "token_key", "created", "expiry"]
    list_select_related = ["user"]
    search_fields = ["user__username__istartswith", "=token_key"]
    ordering = ["-created"]
    fields = ("user", "token_key", "created", "expiry")
    readonly_fields = fields
    show_full_result_count = False

    def may_manage(self, actor: Any, obj: AuthToken) -> bool:
        return may_manage(actor, obj.user)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """With a token made for another user one could act in their name."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Never: another owner would get another's rights."""
        return False

    def delete_model(self, request: HttpRequest, obj: AuthToken) -> None:
        with transaction.atomic():
            record(current_actor(), "token.delete", subject=subject_of_user(obj.user_id))
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AuthToken]) -> None:
        """One by one, as `delete_model`."""
        for token in queryset:
            self.delete_model(request, token)
