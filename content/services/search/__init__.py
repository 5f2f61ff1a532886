"""Asking the index: answers, saved searches, alerts, what editors recommend."""
