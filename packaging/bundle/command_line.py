"""The bundle's command line, which is also its engine process: `context-advisor --engine-worker FOLDER`."""

from __future__ import annotations

import runpy
import sys

from advisor.engine.launch import WORKER_FLAG

if __name__ == "__main__":
    if sys.argv[1:2] == [WORKER_FLAG]:
        runpy.run_path(sys.argv[2], run_name="__main__")
    else:
        from advisor.cli.main import main

        sys.exit(main())
