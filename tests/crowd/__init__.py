"""A crowd at the door: a crawler, a reader and an editor at once. Not part of the tests' normal run."""
