"""What everything is kept in: tables, connections, files, and how long work waits."""
