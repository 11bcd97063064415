"""What happens to the photos when everything goes wrong, seen from outside the service."""
