"""A student is erased, at once and for good, on the request of whoever may ask for it."""
