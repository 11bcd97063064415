"""The channels of this app."""
