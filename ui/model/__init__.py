"""One model's page: the answer, its memory, the charts, the alternatives and the settings."""
