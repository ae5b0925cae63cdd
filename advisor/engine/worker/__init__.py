"""The child process in which llama.cpp runs.

Self-contained: the standard library and llama_cpp only, the syntax of Python 3.9, started by the path of
this folder. So it also runs under another Python that has a build for the GPU, and ships as plain files.
"""
