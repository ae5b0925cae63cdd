"""The desktop window: it shows what `advisor` answers, and computes nothing itself."""
