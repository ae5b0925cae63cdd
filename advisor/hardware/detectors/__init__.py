"""One module for each source of readings. None raises, and each takes its root or runner from outside."""
