"""What runs beside requests: the clock, mails, files made ahead."""
