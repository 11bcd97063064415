"""The one error of the embedded PostgreSQL."""


class EmbeddedPostgresError(RuntimeError):
    """Says in plain words what is wrong and how to mend it."""
