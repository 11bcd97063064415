"""HTTP channels: each makes one call and translates its result."""
