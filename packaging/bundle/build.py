"""Builds the one-folder bundle with PyInstaller, proves that it runs, and says how large it is.

Run by `make package`; ENGINE=cpu|vulkan|cuda|metal there chooses the llama-cpp-python that goes in. The
smoke test drives the frozen programs as a user would, on a small model that it makes itself.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DIST = ROOT / "dist"
BUNDLE = DIST / "context-advisor"


def build() -> None:
    """Raises CalledProcessError if PyInstaller fails; its own words are on stderr by then."""
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN"]
    command += ["--distpath", str(DIST), "--workpath", str(ROOT / "build" / "bundle")]
    subprocess.run([*command, str(HERE / "context_advisor.spec")], check=True, cwd=ROOT)


def size_bytes(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file())


def main() -> int:
    try:
        build()
        subprocess.run([sys.executable, str(HERE / "smoke_test.py"), str(BUNDLE)], check=True, cwd=ROOT)
    except subprocess.CalledProcessError as failed:
        return failed.returncode or 1
    print(f"{BUNDLE.relative_to(ROOT)}: {size_bytes(BUNDLE) / 2**20:.0f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
