"""Drives the frozen programs as a user would: `python smoke_test.py BUNDLE [--picture FILE]`.

On a small model of random weights that it makes itself: the engine answers, recommends, proves and exports
from the command line; the window opens the model. Needs no display: the window draws offscreen unless there
is one. Ends with the first thing that is not as it should be.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUFFIX = ".exe" if sys.platform == "win32" else ""
DEADLINE_SECONDS = 300


class Failure(Exception):
    """What did not work, as a sentence."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--picture", type=Path, help="where the window's picture is kept")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="context-advisor-smoke-") as folder:
        model = make_model(Path(folder) / "small.gguf")
        try:
            check_command_line(args.bundle.absolute(), model, Path(folder))
            check_window(args.bundle.absolute(), model, args.picture or Path(folder) / "window.png")
        except Failure as failure:
            print(f"The bundle does not work: {failure}", file=sys.stderr)
            return 1
    print("The bundle works: doctor, recommend, presets, probe, export and the window.")
    return 0


def make_model(path: Path) -> Path:
    sys.path.insert(0, str(ROOT))
    from tests.support.small_models import small_llama

    small_llama(path, n_head=4, n_head_kv=4, n_ff=256)
    return path


def check_command_line(bundle: Path, model: Path, folder: Path) -> None:
    doctor = answer(bundle, folder, "doctor", "--json")
    expect(isinstance(doctor["findings"], list), "doctor says nothing")
    advice = answer(bundle, folder, "recommend", str(model), "--json", "--basis", "engine")
    expect(advice["recommended"]["plan"]["basis"] == "engine", "the engine was not asked")
    expect(advice["recommended"]["n_ctx"] > 0, "nothing is recommended")
    made_up = answer(bundle, folder, "recommend", "preset:llama-3.1-8b", "--gpu", "RTX 4070", "--json")
    expect(made_up["recommended"]["n_ctx"] > 0, "a preset on a made-up computer has no answer")
    expect(answer(bundle, folder, "explain", "--json")["terms"], "the terms are missing")
    proof = answer(bundle, folder, "probe", str(model), "-c", "512", "--json", "--quiet")
    expect(proof["event"] == "result" and proof["proved"]["n_ctx"] == 512, "the proof did not end well")
    export = answer(bundle, folder, "export", str(model), "--to", "ollama", "-c", "4096", "--json")
    expect("num_ctx 4096" in export["files"][0]["text"], "the export lacks its context")


def answer(bundle: Path, folder: Path, *words: str) -> dict:
    """The last JSON line or the whole document of one command."""
    program = bundle / f"context-advisor{SUFFIX}"
    environment = {**os.environ, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    done = subprocess.run(
        [str(program), *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        env=environment,
    )
    expect(done.returncode in (0, 1), f"{' '.join(words)} ended with {done.returncode}: {done.stderr}")
    lines = done.stdout.strip().splitlines()
    return json.loads(done.stdout if lines[0].strip() == "{" else lines[-1])


def check_window(bundle: Path, model: Path, picture: Path) -> None:
    """The window paints the model and ends by itself: CONTEXT_ADVISOR_PICTURE asks for that."""
    program = bundle / f"context-advisor-window{SUFFIX}"
    environment = {**os.environ, "CONTEXT_ADVISOR_PICTURE": str(picture)}
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    done = subprocess.run(
        [str(program), str(model)],
        check=False,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        env=environment,
    )
    expect(done.returncode == 0, f"the window ended with {done.returncode}: {done.stderr}")
    expect(picture.is_file() and picture.stat().st_size > 10_000, "the window left no picture")


def expect(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise Failure(otherwise)


if __name__ == "__main__":
    sys.exit(main())
