"""The words of each program: a pure function from `Load` to `Export`."""
