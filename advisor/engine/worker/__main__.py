"""Start of the child process: `python <path of this folder>`.

Started by path, this folder is where Python looks for modules first: the folder above takes its place for
as long as the package is being found, so that no module of ours hides one that llama_cpp imports.
"""

import importlib
import sys
from pathlib import Path

OLDEST_PYTHON = (3, 9)


def main() -> None:
    if sys.version_info < OLDEST_PYTHON:
        # Before anything else is imported: the other modules may not even parse here.
        version = "%d.%d" % sys.version_info[:2]  # noqa: UP031 - the oldest spelling, for the oldest Python
        sys.stdout.write(
            '{"id": 0, "error": {"kind": "unfit", "message": "Python %s is too old for the engine: '  # noqa: UP031
            'it needs Python 3.9 or newer."}}\n' % version
        )
        return
    folder = Path(__file__).resolve().parent
    sys.path[0] = str(folder.parent)
    package = importlib.import_module(folder.name)
    del sys.path[0]
    importlib.import_module(package.__name__ + ".serve").serve()


if __name__ == "__main__":
    main()
