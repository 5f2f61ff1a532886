"""Views of the desk: lists, items, votes, implementation."""
