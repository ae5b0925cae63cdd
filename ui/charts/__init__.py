"""What is painted: the two charts and the memory bars, each with a layout that is computed without Qt."""
