"""What public pages show: items, lists, statements, the market."""
