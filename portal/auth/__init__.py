"""Ways in: the session of the desk, other services, who may pass."""
