"""The field's terms, explained with the shown model's own numbers."""
