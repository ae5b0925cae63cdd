"""Two models or two settings beside one another."""
