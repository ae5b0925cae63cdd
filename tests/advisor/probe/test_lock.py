"""One proof at a time; a dead one is in nobody's way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.errors import UsageError
from advisor.probe.lock import NAME, lock_folder, only_proof


def test_a_second_proof_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    with only_proof(tmp_path), pytest.raises(UsageError) as raised, only_proof(tmp_path):
        pass
    assert raised.value.code == "probe-running"
    assert str(os.getpid()) in raised.value.message


def test_the_next_one_may_run(tmp_path: Path) -> None:
    for _ in range(2):
        with only_proof(tmp_path):
            assert (tmp_path / NAME).read_text() == str(os.getpid())


def test_what_a_killed_process_left_is_in_nobodys_way(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from advisor.probe.lock import only_proof\n"
        "with only_proof(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, check=False)
    assert done.returncode == -9
    assert (tmp_path / NAME).read_text() not in {"", str(os.getpid())}
    with only_proof(tmp_path):
        pass


def test_nonsense_in_the_file_is_not_repeated(tmp_path: Path) -> None:
    with only_proof(tmp_path):
        (tmp_path / NAME).write_text("rm -rf\x1b[2J")
        with pytest.raises(UsageError) as raised, only_proof(tmp_path):
            pass
    assert raised.value.message == "Another proof is running on this computer."


def test_without_a_place_for_it_the_proof_runs_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = False
    with only_proof(tmp_path / "file" / "below"):
        ran = True
    assert ran


def test_it_lies_with_the_programs_own_data() -> None:
    assert lock_folder().name == "context-advisor"
