"""What one kind of import knows to do: `roster` and `photos` each say it once, and `kinds` lists them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from photostore.audit import Actor
from photostore.errors import PhotostoreError, Sentence
from students.models import Import, ImportRow


class ImportRefused(PhotostoreError):
    """A whole import that cannot be read. `params` fill the sentence, in whichever language it is read."""

    def __init__(self, code: str, sentence: Sentence, **params: Any) -> None:
        super().__init__(str(sentence) % params if params else sentence, code=code)
        self.params = params


class ImportKind(ABC):
    """Both jobs are idempotent: a killed one is begun again, and goes on from what is committed."""

    sentences: Mapping[str, Sentence]
    """By their codes: evidence, findings, and why an import failed."""

    @abstractmethod
    def read(self, batch: Import) -> None:
        """Make its rows, then `lifecycle.now_ready`. Raises `ImportRefused` for what cannot be read."""

    @abstractmethod
    def commit(self, batch: Import) -> None:
        """Do what the accepted rows say, as the operation `batch.operation`, then `now_committed`."""

    @abstractmethod
    def change_row(self, row: ImportRow, change: Mapping[str, Any], actor: Actor) -> None:
        """A person's word on one row: `accepted`, `student` (a pk or None), `confirm` (codes).

        Raises `Conflict` where the row's state does not allow it.
        """

    def forget(self, batch: Import) -> None:  # noqa: B027 - a list leaves nothing there
        """What lies in the storage for it goes; called once it is not wanted. Raises `StorageUnavailable`."""

    def sentence_of(self, said: Mapping[str, Any]) -> str:
        """One {code, …} in words."""
        sentence = self.sentences.get(said["code"])
        return str(sentence) % said if sentence is not None else str(said.get("sentence", said["code"]))
