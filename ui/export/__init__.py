"""The export dialog: the shown settings in each runtime's own words."""
