"""The stores in which programs keep models, one module each, and the user's own folders."""
