"""Views in which working groups write and review reports."""
