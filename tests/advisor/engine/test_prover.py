"""The parent's side of a real load, against scripts that speak the protocol well or badly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from advisor.engine.launch import Launch
from advisor.engine.proof import FillMethod, Progress
from advisor.engine.protocol import OpenModel
from advisor.engine.prover import ProofDeadlines, Prover
from advisor.errors import (
    Cancelled,
    EngineDied,
    EngineError,
    EngineMissing,
    EngineRefused,
    EngineTimeout,
    EngineUnfit,
)
from advisor.settings.load_settings import LoadSettings
from tests.support.engines import Meeting, ends_with, handling, kill, script

pytestmark = pytest.mark.usefixtures("nothing_left")

SETTINGS = LoadSettings(n_ctx=4096)
MODEL = OpenModel(path="model.gguf")


def ignore(_progress: Progress) -> None:
    """Nobody looks."""


def load(prover: Prover) -> None:
    prover.load(MODEL, host_usable_bytes=None, on_progress=ignore)


CALLS: dict[str, Callable[[Prover], object]] = {
    "load": load,
    "allocate": lambda prover: prover.allocate(SETTINGS, ignore),
    "fill": lambda prover: prover.fill(SETTINGS, FillMethod.FULL, ignore),
}
STAGES = {
    "load": "while loading the model",
    "allocate": "while allocating a context",
    "fill": "while filling the context",
}


def call(prover: Prover, do: str) -> object:
    if do != "load":
        load(prover)
    return CALLS[do](prover)


DEATHS: dict[str, tuple[str, type[EngineError], str]] = {
    "aborts": ("os.abort()", EngineDied, "engine-aborted"),
    "crashes": ("ctypes.string_at(0)", EngineDied, "engine-crashed"),
    "is-killed": ("os.kill(os.getpid(), signal.SIGKILL)", EngineDied, "engine-killed"),
    "exits": ("os._exit(1)", EngineDied, "engine-exited"),
    "throws": (
        'sys.stderr.write("std::bad_alloc\\n"); sys.stderr.flush(); os.abort()',
        EngineDied,
        "engine-out-of-memory",
    ),
    "dies-after-news": ('send(request["id"], event=EVENT); os._exit(3)', EngineDied, "engine-exited"),
    "runs-out": ('return refuse(request, "memory", "no")', EngineDied, "engine-out-of-memory"),
    "fails": ('return refuse(request, "bug", "no")', EngineDied, "engine-worker-failed"),
    "tells-nonsense": ('send(request["id"], event={"stage": 1})', EngineUnfit, "engine-nonsense"),
    "answers-nonsense": ('send(request["id"], answer={}); return True', EngineUnfit, "engine-nonsense"),
}


@pytest.mark.parametrize("do", CALLS)
@pytest.mark.parametrize("death", DEATHS)
def test_every_way_to_die_is_a_sentence_and_the_model_is_to_be_loaded_again(
    tmp_path: Path, death: str, do: str
) -> None:
    body, leaf, code = DEATHS[death]
    with Prover(handling(tmp_path, f'if request["do"] == "{do}":\n    {body}')) as prover:
        with pytest.raises(EngineError) as raised:
            call(prover, do)
        assert type(raised.value) is leaf
        assert raised.value.code == code
        assert STAGES[do] in raised.value.message
        assert not prover.is_loaded
        assert prover.pid is None


@pytest.mark.parametrize("do", CALLS)
def test_a_refusal_leaves_the_worker_alive(tmp_path: Path, do: str) -> None:
    body = f'if request["do"] == "{do}":\n    return refuse(request, "engine", "no", ["f: too large"])'
    with Prover(handling(tmp_path, body)) as prover:
        with pytest.raises(EngineRefused, match="too large"):
            call(prover, do)
        assert prover.pid is not None
        assert prover.is_loaded == (do != "load")


@pytest.mark.parametrize("do", ["allocate", "fill"])
def test_without_a_model_there_is_nothing_to_allocate(tmp_path: Path, do: str) -> None:
    with Prover(handling(tmp_path, "pass")) as prover:
        prover.hello()
        with pytest.raises(EngineRefused) as raised:
            CALLS[do](prover)
        assert raised.value.code == "engine-not-loaded"
        assert prover.pid is None


def test_a_second_load_that_is_refused_leaves_no_model(tmp_path: Path) -> None:
    body = 'if request.get("path") == "other.gguf":\n    return refuse(request, "engine", "no")'
    with Prover(handling(tmp_path, body)) as prover:
        load(prover)
        with pytest.raises(EngineRefused):
            prover.load(OpenModel(path="other.gguf"), host_usable_bytes=None, on_progress=ignore)
        assert not prover.is_loaded


def test_a_worker_that_was_killed_between_two_calls_is_replaced_by_load_only(tmp_path: Path) -> None:
    with Prover(handling(tmp_path, "pass")) as prover:
        load(prover)
        assert prover.is_loaded
        pid = prover.pid
        assert pid is not None
        assert kill(pid)
        assert not prover.is_loaded
        with pytest.raises(EngineRefused):
            CALLS["allocate"](prover)
        load(prover)
        assert prover.is_loaded
        assert prover.pid != pid


def test_answers_are_read(tmp_path: Path) -> None:
    with Prover(handling(tmp_path, "pass")) as prover:
        assert prover.hello().binding == "0.0.1"
        loaded = prover.load(MODEL, host_usable_bytes=1, on_progress=ignore)
        assert loaded.has_vocabulary
        assert loaded.guard_bytes is None
        assert loaded.memory.devices == {"GPU0": 7}
        allocation = prover.allocate(SETTINGS, ignore)
        assert allocation.buffers is not None
        assert allocation.buffers[0].context_bytes == 2
        assert allocation.memory.peak_rss_bytes == 10
        assert allocation.speed.decode_tokens_per_second == 2.0
        filling = prover.fill(SETTINGS, FillMethod.FULL, ignore)
        assert (filling.filled_tokens, filling.state_bytes, filling.refused_one_more) == (4096, 5, True)
        assert [point.depth for point in filling.speed] == [0]


def test_the_request_says_everything_that_the_worker_needs(tmp_path: Path) -> None:
    told = tmp_path / "told"
    body = f'open({str(told)!r}, "a").write(json.dumps(request) + "\\n")'
    with Prover(handling(tmp_path, body)) as prover:
        prover.load(MODEL, use_mmap=False, host_usable_bytes=7, cap_bytes=9, on_progress=ignore)
        prover.fill(SETTINGS, FillMethod.FULL, ignore)
    hello, loading, filling = told.read_text().splitlines()
    assert '"do": "hello"' in hello
    assert '"use_mmap": false, "host_usable_bytes": 7, "cap_bytes": 9' in loading
    assert '"n_ctx": 4096' in filling
    assert '"method": "full"' in filling


def test_progress_comes_before_the_answer(tmp_path: Path) -> None:
    news: list[Progress] = []
    body = 'if request["do"] == "fill":\n    send(request["id"], event=EVENT)'
    with Prover(handling(tmp_path, body)) as prover:
        load(prover)
        prover.fill(SETTINGS, FillMethod.FULL, news.append)
    (progress,) = news
    assert (progress.stage, progress.n_filled, progress.tokens_per_second) == ("filling", 512, 80.5)
    assert progress.memory is not None
    assert progress.memory.data_bytes == 6


def test_what_cannot_be_copied_is_filled_plainly(tmp_path: Path) -> None:
    body = 'if request.get("method") == "copy":\n    return refuse(request, "copy", "no")'
    with Prover(handling(tmp_path, body)) as prover:
        load(prover)
        pid = prover.pid
        assert prover.fill(SETTINGS, FillMethod.COPY, ignore).method is FillMethod.FULL
        assert prover.pid == pid


@pytest.mark.parametrize(("kind", "asked"), [("copy", "full copy full"), ("engine", "full copy")])
def test_only_what_cannot_be_copied_is_tried_again(tmp_path: Path, kind: str, asked: str) -> None:
    told = tmp_path / "told"
    body = (
        f'if request["do"] == "fill":\n    open({str(told)!r}, "a").write(request["method"] + " ")\n'
        f'    return refuse(request, "{kind}", "There is no room.")'
    )
    with Prover(handling(tmp_path, body)) as prover:
        load(prover)
        for method in (FillMethod.FULL, FillMethod.COPY):
            with pytest.raises(EngineRefused, match="no room"):
                prover.fill(SETTINGS, method, ignore)
        assert prover.is_loaded
    assert told.read_text() == f"{asked} "


def test_silence_ends_the_call(tmp_path: Path) -> None:
    body = 'if request["do"] == "allocate":\n    wait_forever()'
    with Prover(handling(tmp_path, body)) as prover:
        load(prover)
        prover._deadlines = ProofDeadlines(silence_seconds=0.1)  # too short for a start
        with pytest.raises(EngineTimeout, match="while allocating"):
            prover.allocate(SETTINGS, ignore)
        assert not prover.is_loaded


@pytest.mark.parametrize("do", CALLS)
def test_every_call_is_cancelled_from_another_thread(tmp_path: Path, do: str) -> None:
    here = Meeting(tmp_path)
    body = f'if request["do"] == "{do}":\n    {here.line}\n    wait_forever()'
    with Prover(handling(tmp_path, body)) as prover:
        with here.then(prover.cancel), pytest.raises(Cancelled):
            call(prover, do)
        assert prover.pid is None
        assert not prover.is_loaded
        assert prover.hello().binding == "0.0.1"


def test_cancelled_by_its_own_progress(tmp_path: Path) -> None:
    body = 'if request["do"] == "fill":\n    send(request["id"], event=EVENT)\n    wait_forever()'
    with Prover(handling(tmp_path, body)) as prover:
        load(prover)
        with pytest.raises(Cancelled):
            prover.fill(SETTINGS, FillMethod.FULL, lambda _: prover.cancel())
        assert not prover.is_loaded


def test_cancelling_nothing_does_nothing(tmp_path: Path) -> None:
    with Prover(handling(tmp_path, "pass")) as prover:
        prover.cancel()
        load(prover)
        prover.cancel()
        assert prover.is_loaded


def test_a_python_that_cannot_be_run_is_no_engine() -> None:
    with Prover(Launch(python="/no/such/python")) as prover, pytest.raises(EngineMissing):
        prover.hello()


def test_an_engine_that_could_not_start_is_asked_again(tmp_path: Path) -> None:
    launch = script(tmp_path, 'send(0, error={"kind": "unfit", "message": "too old"})\nsys.stdin.readline()')
    with Prover(launch) as prover:
        for _ in range(2):
            with pytest.raises(EngineUnfit):
                load(prover)
            assert prover.pid is None


PROGRAM = """
import sys
from advisor.engine.launch import Launch
from advisor.engine.proof import FillMethod
from advisor.engine.protocol import OpenModel
from advisor.engine.prover import Prover
from advisor.settings.load_settings import LoadSettings
prover = Prover(Launch(worker={worker!r}))
prover.load(OpenModel(path="model.gguf"), host_usable_bytes=None, on_progress=lambda _: None)
tell = lambda _: print(prover.pid, flush=True)
prover.fill(LoadSettings(n_ctx=4096), FillMethod.FULL, tell)
"""


def test_the_worker_ends_with_the_program(tmp_path: Path) -> None:
    body = """
    def rest():
        sys.stdin.read()
        os._exit(0)
    if request["do"] == "fill":
        threading.Thread(target=rest, daemon=True).start()
        send(request["id"], event=EVENT)
        wait_forever()
    """
    assert ends_with(PROGRAM.format(worker=str(handling(tmp_path, body).worker)))
