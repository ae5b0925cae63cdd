from __future__ import annotations

import subprocess
import sys

from tests.benchmarks.timing import ROOT

CODE = """
from tests.benchmarks.application import application
assert application() is application()
"""


def test_two_benchmarks_in_a_row_share_it() -> None:
    """In a process of its own: the tests have an application already."""
    subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, check=True, timeout=120)
