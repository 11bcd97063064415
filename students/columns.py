"""What the database computes of a student's columns: for searching, and for telling spellings of one name."""

from __future__ import annotations

from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Func

from photostore.references.spelling import plain_name
from students.search import folded


class SearchVector(Func):
    """Words without case, accents and punctuation, as PostgreSQL's full-text search keeps them.

    `normalize` and `regexp_replace` do what the contrib extension `unaccent` would; the embedded server
    has no extensions. `students.search.prefix_query` treats what is typed the same way.
    """

    template = (
        f"to_tsvector('simple'::regconfig, "
        f"regexp_replace({folded('%(expressions)s')}, '[^[:alnum:]]+', ' ', 'g'))"
    )
    output_field = SearchVectorField()


class OneWord(Func):
    """A text without punctuation and spaces, so that `S-77` is found as the one word `s77`."""

    template = "regexp_replace(%(expressions)s, '[^[:alnum:]]+', '', 'g')"
    output_field = models.CharField()


class WithoutZeros(Func):
    """A number without the zeros that it begins with."""

    template = "ltrim(%(expressions)s, '0')"
    output_field = models.CharField()


class PlainName(Func):
    """A storage key as people and other systems spell it: without case, Unicode form, slashes, `/media/`.

    Two spellings of one name are equal here; whether they are one file, the storage has to say.
    """

    template = plain_name("%(expressions)s")
    output_field = models.TextField()
