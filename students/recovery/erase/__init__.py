"""A student is erased, at once and for good, on request."""
