"""Matching by eye: photos of which nothing certain is known, and a person who knows the faces."""
