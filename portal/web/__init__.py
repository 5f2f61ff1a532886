"""What every request goes through: the door, headers, kept pages, rendering, the menu."""
