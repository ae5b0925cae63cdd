"""`probe` as a program with a real engine: its worker killed, the disk full, two of them at once.

That the program itself may be killed is shown in tests/faults/test_killed_program.py.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from advisor.history import History
from advisor.probe.lock import lock_folder, only_proof
from tests.support.probe_records import a_record
from tests.support.small_models import small_llama

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(sys.platform != "linux", reason="signals and limits are set as Linux has them"),
]

ROOT = Path(__file__).resolve().parents[4]
# In place of a Python: it is given the worker's path.
KILLED_WHEN_FILLING = """
import os, pathlib, signal, sys
sys.path.insert(0, str(pathlib.Path(sys.argv[1]).parent))
import worker.real_load, worker.serve
worker.real_load.RealLoad.fill = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
worker.serve.serve()
"""


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(small_llama(tmp_path / "model.gguf", n_head=2, n_head_kv=1, n_ff=256).path)


@contextlib.contextmanager
def probing(model: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The program at work, on one core: threads on two would wait for each other on a busy computer.

    What still runs at the end of the block is killed.
    """
    command = [sys.executable, "-m", "advisor", "probe", model, "--json", *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as program:
        os.sched_setaffinity(program.pid, sorted(os.sched_getaffinity(0))[:1])
        try:
            yield program
        finally:
            program.kill()


def lines_of(program: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert program.stdout is not None
    for line in program.stdout:
        yield json.loads(line)


def reach(program: subprocess.Popen[str], stage: str) -> None:
    """Reads until that stage."""
    assert any(line.get("stage") == stage for line in lines_of(program)), f"never came to {stage}"


def kill_workers(program: subprocess.Popen[str]) -> list[psutil.Process]:
    workers = psutil.Process(program.pid).children(recursive=True)
    for worker in workers:
        os.kill(worker.pid, signal.SIGKILL)
    return workers


def test_a_worker_that_is_killed_costs_one_attempt(model: str) -> None:
    with probing(model, "-c", "100k", "--fill", "full") as program:
        reach(program, "filling")
        (worker,) = kill_workers(program)
        attempt = next(line for line in lines_of(program) if line.get("outcome") == "killed")
        assert "While the context was being filled" in attempt["detail"]
        # It goes on with another worker, below.
        after = next(line for line in lines_of(program) if line.get("stage") == "allocating")
        assert 0 < after["n_ctx"] < attempt["n_ctx"]
        assert not worker.is_running()


def test_where_every_worker_is_killed_the_proof_ends_with_a_sentence(model: str, tmp_path: Path) -> None:
    """By an engine of its own, whose process is killed as soon as it is to fill."""
    History().add(a_record())
    engine = tmp_path / "python"
    engine.write_text(f"#!{sys.executable}\n" + KILLED_WHEN_FILLING)
    engine.chmod(0o755)
    with probing(model, "-c", "512", "--engine-python", str(engine)) as program:
        workers, said = set[psutil.Process](), list[dict[str, Any]]()
        for line in lines_of(program):
            said.append(line)
            with contextlib.suppress(psutil.NoSuchProcess):  # that was the last line
                workers |= set(psutil.Process(program.pid).children(recursive=True))
        assert program.wait() == 5
    error = said[-1]["error"]
    assert error["message"].startswith(
        "Not even 256 tokens could be used. While the context was being filled"
    )
    assert error["message"].endswith(".")
    assert error["hint"].endswith(".")
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert alive == []
    with only_proof(lock_folder()):
        pass
    assert len(History().records()) == 1


def test_a_disk_that_is_full_by_then_loses_no_answer(model: str) -> None:
    History().add(a_record())
    with probing(model, "-c", "2048") as program:
        reach(program, "planning")
        resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        *_, result = lines_of(program)
        assert program.stderr is not None
        complaint = program.stderr.read()
        assert program.wait() == 0
    assert result["event"] == "result"
    assert result["limit"]["n_ctx"] == 2048
    assert "The proof was not kept in the history." in complaint
    (record,) = History().records()
    assert record.id == 1
    assert History().notes == ()


def test_a_second_proof_is_told_of_the_first_which_goes_on(model: str) -> None:
    with probing(model, "-c", "100k", "--fill", "full") as first:
        reach(first, "filling")
        with probing(model, "-c", "512") as second:
            *_, said = lines_of(second)
            assert second.wait() == 2
        assert said["error"]["code"] == "probe-running"
        assert f"(process {first.pid})" in said["error"]["message"]
        reach(first, "filling")
        workers = psutil.Process(first.pid).children(recursive=True)
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert alive == []
    assert History().records() == ()
