"""The answers as text for people: the headline first, one module for each part of it."""
