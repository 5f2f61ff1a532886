"""Views that write an item: the form, its history, its preview."""
