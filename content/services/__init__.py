"""What can be done, one file per group of verbs; session, actor and time are arguments."""
