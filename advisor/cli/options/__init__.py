"""What may be written: the verbs, the options of each, and what may stand after an option."""
