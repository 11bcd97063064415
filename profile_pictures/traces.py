"""Audit rows for people, groups, rights, passwords, and signing in and out, whatever changes them.

Receivers of Django's own signals: a page of the admin, a command and a script all leave a row. Names of what
changed are written down, never values.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from photostore.audit import Actor, acting_request, channel_of, current_actor, record, subject_of_user
from profile_pictures.models import User

WATCHED = frozenset(
    {
        *("username", "first_name", "last_name", "email", "password"),
        *("is_active", "is_staff", "is_superuser"),
    }
)
WORDS = {"post_add": "rights.grant", "post_remove": "rights.revoke", "pre_clear": "rights.revoke"}


def watch() -> None:
    """Connect the receivers; called once when the app is ready."""
    pre_save.connect(_compare, sender=User)
    post_save.connect(_person_saved, sender=User)
    post_delete.connect(_person_deleted, sender=User)
    post_save.connect(_group_saved, sender=Group)
    pre_delete.connect(_group_deleted, sender=Group)
    for through in (User.groups.through, User.user_permissions.through, Group.permissions.through):
        m2m_changed.connect(_rights_changed, sender=through)
    user_logged_in.connect(_signed_in)
    user_logged_out.connect(_signed_out)


def _compare(instance: User, update_fields: Collection[str] | None, **_kwargs: Any) -> None:
    """Which watched fields the save will change, by their names."""
    names = WATCHED if update_fields is None else WATCHED.intersection(update_fields)
    instance.changed_fields = []
    if instance._state.adding or not names:
        return
    before = User.objects.filter(pk=instance.pk).values(*names).first() or {}
    changed = sorted(name for name, value in before.items() if value != getattr(instance, name))
    # Signing in hashes the same password anew where the way of hashing has changed.
    alone = update_fields is not None and set(update_fields) == {"password"}
    is_rehash = alone and getattr(instance, "_password", None) is None
    instance.changed_fields = [] if is_rehash else changed


def _person_saved(instance: User, created: bool, **_kwargs: Any) -> None:
    if created:
        rights = [name for name in ("is_staff", "is_superuser") if getattr(instance, name)]
        record(current_actor(), "person.add", subject=subject_of_user(instance.pk), details=rights)
        return
    changed = list(instance.changed_fields)
    if "password" in changed:
        changed.remove("password")
        record(current_actor(), "person.password", subject=subject_of_user(instance.pk))
    if changed:
        record(current_actor(), "person.change", subject=subject_of_user(instance.pk), details=changed)


def _person_deleted(instance: User, **_kwargs: Any) -> None:
    record(current_actor(), "person.delete", subject=subject_of_user(instance.pk))


def _group_saved(instance: Group, created: bool, **_kwargs: Any) -> None:
    record(current_actor(), "group.add" if created else "group.change", subject=_name(instance))


def _group_deleted(instance: Group, **_kwargs: Any) -> None:
    rights = sorted(map(_name, instance.permissions.select_related("content_type")))
    record(current_actor(), "group.delete", subject=_name(instance), details=rights)


def _rights_changed(sender: Any, instance: Model, action: str, **change: Any) -> None:
    """One row for each person or group whose rights change, from whichever side they are changed."""
    if action not in WORDS:
        return
    pks = change["pk_set"] if change["pk_set"] is not None else _all_of(sender, instance)
    others = change["model"]._default_manager.filter(pk__in=pks)
    holders, rights = (others, [instance]) if change["reverse"] else ([instance], others)
    names = sorted(map(_name, rights))
    for holder in holders if names else ():
        subject = _name(holder) if isinstance(holder, Group) else subject_of_user(holder.pk)
        record(current_actor(), WORDS[action], subject=subject, details=names)


def _all_of(through: Any, instance: Model) -> set[Any]:
    """Emptying such a relation names no object: everything that is linked until then."""
    near = next(field for field in through._meta.fields if isinstance(instance, _model_of(field)))
    far = next(field for field in through._meta.fields if _model_of(field) and field is not near)
    return set(through.objects.filter(**{near.name: instance.pk}).values_list(far.attname, flat=True))


def _model_of(field: Any) -> Any:
    return field.related_model or ()


def _name(right: Any) -> str:
    if isinstance(right, Permission):
        return f"{right.content_type.app_label}.{right.codename}"
    return f"group {right.name}"


def _signed_in(request: Any, user: User, **_kwargs: Any) -> None:
    _note(request, user, "login")


def _signed_out(request: Any, user: User | None, **_kwargs: Any) -> None:
    if user is not None:
        _note(request, user, "logout")


def _note(request: Any, user: User, action: str) -> None:
    """Only what came in over HTTP: the person signs in, so they are the one who acts."""
    if acting_request() is not None:
        actor = Actor.of(request, channel_of(request))
        record(
            Actor(str(user.pk), user.get_username()[:200], actor.channel, actor.address),
            action,
            subject=subject_of_user(user.pk),
        )
