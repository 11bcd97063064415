"""HTTP channels, one module for each part of the API."""
