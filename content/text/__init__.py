"""Texts, pure: Markdown and its limits, clauses and citations in them, differences, merging, places that survive edits."""
