"""Whose account a user may change: one grants only what one has, and changes no one who has more."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

from profile_pictures.models import User


def rights_of(person: Any) -> set[int]:
    """The permissions by their keys, own and through groups; also of a deactivated user."""
    given = Permission.objects.filter(Q(user=person) | Q(group__user=person))
    return set(given.values_list("pk", flat=True))


def may_manage(actor: Any, person: User) -> bool:
    """Whether `actor` has every right of this person, and so may change, reset and delete the account."""
    if actor.is_superuser:
        return True
    return not person.is_superuser and rights_of(person) <= rights_of(actor)


def may_manage_group(actor: Any, group: Group) -> bool:
    """Whether `actor` has every right that the group gives, and every right that its members have."""
    if actor.is_superuser:
        return True
    rights = rights_of(actor)
    given = set(group.permissions.values_list("pk", flat=True))
    members = User.objects.filter(groups=group)
    if not given <= rights or members.filter(is_superuser=True).exists():
        return False
    of_members = Permission.objects.filter(Q(user__in=members) | Q(group__user__in=members))
    return set(of_members.values_list("pk", flat=True)) <= rights


def grantable(actor: Any) -> QuerySet[Permission]:
    """The permissions that `actor` may give and take."""
    everything = Permission.objects.select_related("content_type")
    return everything if actor.is_superuser else everything.filter(pk__in=rights_of(actor))


def grantable_groups(actor: Any) -> QuerySet[Group]:
    """The groups that `actor` may put a user into: they give nothing that `actor` lacks."""
    if actor.is_superuser:
        return Group.objects.all()
    beyond = Permission.objects.exclude(pk__in=rights_of(actor))
    return Group.objects.exclude(permissions__in=beyond)
