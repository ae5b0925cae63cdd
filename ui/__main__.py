"""`python -m ui [FILE...]` opens the window."""

import gc
import sys


def start() -> int:
    """The window's exit code."""
    # Hundreds of modules are read, and none of it is garbage: looking for some takes a tenth of the time.
    gc.disable()
    from ui.app import main

    gc.freeze()
    gc.enable()
    return main()


if __name__ == "__main__":
    sys.exit(start())
