"""The proof: the largest context that really works on this computer, and what it measured."""
