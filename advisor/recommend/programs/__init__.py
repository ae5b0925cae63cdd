"""What programs do by themselves: without advice, with a configuration that leaves something open."""
