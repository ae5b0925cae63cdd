"""Context Advisor: how much context a GGUF model can hold on this computer.

The package is the domain: no Qt, no printing outside `cli`, and llama.cpp only in the child process
that `engine` starts. The rooms, in the order in which they may import one another:

    basis, units, errors, presets, printable, terms -> gguf -> model -> hardware -> settings -> memory
    -> speed -> engine -> recommend -> probe -> history -> library -> export -> cli
"""

__version__ = "0.1.0"
