"""Tests; they mirror the house and read as sentences."""
