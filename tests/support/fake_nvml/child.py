"""Ask a made-up NVIDIA driver through the real pynvml, in a process of its own.

The library is loaded once a process, so every scenario needs a fresh one. Run as a module, this file is
that process: it prints the detected hardware as `devices --json` does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from advisor.hardware.detect import default_detectors, detect
from advisor.hardware.device import Hardware
from advisor.hardware.document import hardware_from_dict, hardware_to_dict

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
LIBRARY = "libnvidia-ml.so.1"


def compile_library(folder: Path) -> Path:
    """Compile the made-up driver library into a folder. Needs a C compiler, as the test setup says."""
    library = folder / LIBRARY
    subprocess.run(
        ["cc", "-shared", "-fPIC", f"-Wl,-soname,{LIBRARY}", "-o", str(library), str(HERE / "fake_nvml.c")],
        check=True,
    )
    return library


def detect_in_child(
    scenario: str, root: Path, library_folder: Path | None, deadline_s: float = 30.0
) -> Hardware:
    """What `detect` says below `root` with the made-up driver in `library_folder` (None: on no path)."""
    environment = dict(os.environ, FAKE_NVML=str(HERE / f"{scenario}.txt"))
    environment["LD_LIBRARY_PATH"] = str(library_folder or "")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.support.fake_nvml.child", str(root), str(deadline_s)],
        env=environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return hardware_from_dict(json.loads(done.stdout))


def _main(root: Path, deadline_s: float) -> None:
    detectors = [
        replace(detector, deadline_s=deadline_s) if detector.name == "NVIDIA" else detector
        for detector in default_detectors(root, sys.platform)
    ]
    sys.stdout.write(json.dumps(hardware_to_dict(detect(detectors=detectors))))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), float(sys.argv[2]))
