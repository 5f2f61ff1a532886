"""Jinja2 templates, addressed as `templates:folder/file`. Imports nothing."""
