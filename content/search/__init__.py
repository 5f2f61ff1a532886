"""Full-text search: one interface, one German analysis, engines behind it."""
