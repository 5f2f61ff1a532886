"""What every room stands on: looking items up, rights, memory of a transaction, the outbox, what an act came to."""
