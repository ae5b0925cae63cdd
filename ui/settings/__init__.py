"""The settings dialog: what lasts beyond one model."""
