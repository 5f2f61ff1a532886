"""Workflows as data and the pure engine that answers about them; imports the standard library only."""
