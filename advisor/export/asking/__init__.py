"""What a running program says of the models that it has in memory, one module a program."""
