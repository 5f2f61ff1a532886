"""Views of signing in and of accounts."""
