"""Bringing a school's photos back: what is missing, what may be put back from where, and doing it."""
