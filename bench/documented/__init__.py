"""The documented way of doing things, written out, to measure ourselves against."""
