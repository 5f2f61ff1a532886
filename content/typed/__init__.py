"""What people and programs give, read in one way: days, numbers, addresses, CSV, pictures, passwords."""
