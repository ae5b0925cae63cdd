"""The first screen: open a file, or one of the models that are here already."""
