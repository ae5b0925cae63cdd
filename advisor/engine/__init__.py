"""The only door to llama.cpp: a child process that is asked, and its answers in the program's own types."""
