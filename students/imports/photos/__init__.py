"""Photos by the hundred: read, matched by evidence, committed."""
