"""The command line: serving, backup, the database, assets."""
