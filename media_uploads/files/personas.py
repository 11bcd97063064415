"""Use cases: a persona is made, renamed, deleted with all of its files."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from media_uploads.files.refusals import PersonaNotFound
from media_uploads.models import Persona
from photostore.audit import Actor, record, subject_of_user
from photostore.register.after_commit import drain_all


def create_persona(*, user: Any, name: str, actor: Actor) -> Persona:
    with transaction.atomic(durable=True):
        persona = Persona.objects.create(user=user, name=name)
        record(actor, "persona.create", subject=subject_of_user(user.pk))
    return persona


def rename_persona(*, user: Any, persona_id: int, name: str, actor: Actor) -> Persona:
    """Give a persona of `user` another name. Raises `PersonaNotFound`."""
    with transaction.atomic(durable=True):
        persona = _locked(user, persona_id)
        persona.name = name
        persona.save(update_fields=["name"])
        record(actor, "persona.rename", subject=subject_of_user(user.pk))
    return persona


def delete_persona(*, user: Any, persona_id: int, actor: Actor) -> None:
    """Delete a persona of `user` and its files for good: the rows, and after the commit the bytes.

    Raises `PersonaNotFound`.
    """
    with transaction.atomic(durable=True):
        # An upload for this persona waits here, and then finds none.
        persona = _locked(user, persona_id)
        for sha256 in persona.files.order_by("pk").values_list("sha256", flat=True):
            record(actor, "media.delete", subject=subject_of_user(user.pk), old_sha256=sha256)
        persona.delete()
        record(actor, "persona.delete", subject=subject_of_user(user.pk))
    drain_all()


def _locked(user: Any, persona_id: int) -> Persona:
    found = Persona.objects.select_for_update().filter(pk=persona_id, user_id=user.pk).first()
    if found is None:
        raise PersonaNotFound(persona_id)
    return found
