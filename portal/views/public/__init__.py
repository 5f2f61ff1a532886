"""Views that everybody reads."""
