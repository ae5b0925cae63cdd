"""The verbs, a module each: `run` takes the parsed words, answers, and returns the exit code."""
