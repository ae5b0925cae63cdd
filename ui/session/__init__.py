"""What the window knows and how it comes to know it: the one mutable session, and the work behind it."""
