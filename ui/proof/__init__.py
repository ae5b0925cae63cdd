"""A proof on the screen: while it runs, what it found, and the earlier ones."""
