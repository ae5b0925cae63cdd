"""The compute graph, replayed: which activations live at the same time, and how they are packed."""
