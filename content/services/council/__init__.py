"""The council's law: votes, statements for the record, numbers, the key of the Länder, ends of a decision."""
