"""Reports of working groups: sections, Word, comparison, review with guests."""
