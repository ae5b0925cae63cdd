"""The command line: one verb, one answer on stdout, the talk on stderr, the exit code of the contract."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from advisor.cli.asked import installed
from advisor.cli.documents.document import error as error_document
from advisor.cli.options.parser import VERBS, build_parser, parse
from advisor.errors import AdvisorError, UsageError

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code. Nothing that is expected to fail leaves a traceback."""
    return _exit_code(_answer, list(sys.argv[1:] if argv is None else argv))


def window(argv: Sequence[str] | None = None) -> int:
    """The window's own command, which takes files only. Without the desktop part it says so."""
    return _exit_code(_open_window, list(sys.argv[1:] if argv is None else argv))


def _exit_code(command: Callable[[Sequence[str]], int], words: Sequence[str]) -> int:
    installed.forget()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name that this terminal or pipe cannot spell is shown in escapes, as stderr does.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return command(words)
    except AdvisorError as error:
        _report(error, as_json="--json" in words)
        return error.exit_code
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) went away. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _answer(words: Sequence[str]) -> int:
    if _only_files(words):
        return _open_window(words)
    arguments = parse(words)
    verb = importlib.import_module(f"advisor.cli.verbs.{arguments.verb}")
    code = int(verb.run(arguments))
    sys.stdout.flush()
    return code


def _only_files(words: Sequence[str]) -> bool:
    """True for no words at all, or for nothing but what looks like files: that opens the window."""
    return all(
        word not in VERBS and not word.startswith("-") and (word.endswith(".gguf") or _exists(word))
        for word in words
    )


def _exists(word: str) -> bool:
    try:
        return Path(word).exists()
    except OSError:  # a word that no file can be called
        return False


def _open_window(files: Sequence[str]) -> int:
    """Open the window. By name, not by import: the domain must not depend on the desktop part."""
    try:
        window = importlib.import_module("ui.app")
    except ModuleNotFoundError as missing:
        if missing.name not in {"ui", "ui.app"} and not str(missing.name).startswith("PySide6"):
            raise
        build_parser().print_help(sys.stderr)
        raise UsageError(
            "The desktop part is not installed, so there is no window to open.",
            hint='Install it with: python -m pip install "context-advisor[gui]", or use a verb from above.',
            code="no-window",
        ) from None
    return int(window.main(["context-advisor", *files]))


def _report(error: AdvisorError, *, as_json: bool) -> None:
    print(f"{error.message}\n{error.hint}", file=sys.stderr)
    if as_json:
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(error_document(error)), flush=True)


if __name__ == "__main__":
    sys.exit(main())
