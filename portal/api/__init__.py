"""Interfaces for machines: what is public, as JSON."""
