"""The whole program in a real window: on a virtual X server where there is one, else drawn offscreen."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QImage

from tests.support.small_models import small_llama

ROOT = Path(__file__).resolve().parents[2]
TRAINED = 4096
TIMEOUT_SECONDS = 600


@pytest.fixture
def display() -> Iterator[Mapping[str, str]]:
    """The variables with which Qt finds a screen of 1280 by 1024 that nobody sees."""
    program = shutil.which("Xvfb")
    if program is None:
        yield {"QT_QPA_PLATFORM": "offscreen"}
        return
    reads, writes = os.pipe()
    command = [program, "-displayfd", str(writes), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=(writes,), stderr=subprocess.DEVNULL) as server:
        os.close(writes)
        with os.fdopen(reads) as number:
            name = f":{number.readline().strip()}"
        yield {"QT_QPA_PLATFORM": "xcb", "DISPLAY": name, "QT_QPA_PLATFORMTHEME": ""}
        server.terminate()


@pytest.fixture
def seen(display: Mapping[str, str], tmp_path: Path) -> dict[str, Any]:
    """What the journey saw."""
    small_llama(tmp_path / "small.gguf", n_layer=4, n_head=2, n_head_kv=2, n_ff=256, n_ctx_train=TRAINED)
    home = {name: str(tmp_path / name) for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.end_to_end.journey", str(tmp_path / "small.gguf"), str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, **home, **display},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    told: dict[str, Any] = json.loads((tmp_path / "seen.json").read_text(encoding="utf-8"))
    return told


@pytest.mark.engine
def test_a_model_is_opened_changed_proved_and_exported(seen: dict[str, Any], tmp_path: Path) -> None:
    assert seen["failure"] == ""
    assert seen["first screen"] == 0
    assert seen["opened"] == "small.gguf"
    before, after = seen["changed"]
    assert 0 < after < before <= TRAINED
    assert seen["cancelled"] == "cancelled"
    limit, filled = seen["proved"]
    assert 0 < filled == limit <= TRAINED
    assert f"-c {after} " in seen["exported"]
    pictures = [QImage(str(file)) for file in sorted(tmp_path.glob("*-*.png"))]
    assert len(pictures) == 6
    for picture in pictures:
        across, down = range(0, picture.width(), 8), range(0, picture.height(), 8)
        colours = {picture.pixel(x, y) for x in across for y in down}
        assert len(colours) > 16, "nothing is drawn"
