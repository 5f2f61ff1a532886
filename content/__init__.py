"""What the portal is about: items, editions, ledger, search. Knows nothing of the web."""
