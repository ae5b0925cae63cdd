"""Settings that people already have, read back from what they paste. Nothing is executed or opened."""
