"""The signed publication ledger, pure: entries, checkpoints, canonical JSON, what is derived from documents."""
