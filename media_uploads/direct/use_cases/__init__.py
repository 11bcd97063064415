"""Opened, arriving, completed once, or ended."""
