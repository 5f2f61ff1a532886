"""What became of decisions: reports of the Länder, the matrix, tasks, reuse of services."""
