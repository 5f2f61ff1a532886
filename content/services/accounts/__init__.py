"""Who somebody is: accounts, sessions, second factors, other services' identities, limits, and the audit log."""
