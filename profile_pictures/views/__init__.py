"""HTTP doors, one module for each part of the API."""
