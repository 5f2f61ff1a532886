"""Who is told what, and which page a notice leads to."""
