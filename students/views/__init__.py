"""HTTP doors: each makes one call and translates its result."""
