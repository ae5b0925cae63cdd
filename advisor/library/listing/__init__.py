"""The list of models: one line each, with the largest safe context, read by a child process."""
