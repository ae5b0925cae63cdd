"""The bundle's window."""

from __future__ import annotations

import sys

from ui.__main__ import start

if __name__ == "__main__":
    sys.exit(start())
