"""Everything a machine needs before Context Advisor runs on it, with the standard library alone.

A virtual environment, the libraries Qt asks the system for, the project and its dependencies, and the build
of llama-cpp-python that fits the graphics card.
"""
