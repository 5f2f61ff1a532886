"""What the council is made of, pure: its addresses, numbers, members, shares, prices and rules of voting."""
