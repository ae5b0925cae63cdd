from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.engine.client import Deadlines, EngineClient
from advisor.engine.launch import Launch
from advisor.engine.protocol import OpenModel
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
from tests.support.engines import ends, handling, nothing_left, script, with_bindings

SETTINGS = LoadSettings(n_ctx=4096)
MODEL = OpenModel(path="model.gguf")


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    with nothing_left():
        yield


def _asked(launch: Launch, deadlines: Deadlines | None = None) -> EngineError:
    """What a context's question raises."""
    with EngineClient(launch, deadlines=deadlines) as client, pytest.raises(EngineError) as raised:
        client.context(SETTINGS)
    return raised.value


DEATHS = {
    "aborts": ("os.abort()", EngineDied, "engine-aborted"),
    "aborts-with-reason": (
        'sys.stderr.write("a.cpp:1: GGML_ASSERT(x > 0) failed\\n"); sys.stderr.flush(); os.abort()',
        EngineDied,
        "engine-aborted",
    ),
    "crashes": ("ctypes.string_at(0)", EngineDied, "engine-crashed"),
    "is-killed": ("os.kill(os.getpid(), signal.SIGKILL)", EngineDied, "engine-killed"),
    "exits": ("os._exit(3)", EngineDied, "engine-exited"),
    "exits-politely": ("sys.exit(0)", EngineDied, "engine-exited"),
    "closes-its-answers": ("os.close(1); wait_forever()", EngineDied, "engine-closed"),
    "dies-in-half-a-line": ('write(\'{"id": 2, "ans\'); os._exit(1)', EngineDied, "engine-exited"),
    "raises": ('raise RuntimeError("boom")', EngineDied, "engine-exited"),
    "answers-nonsense": (
        'send(request["id"], answer={"n_ctx": "many"}); return True',
        EngineUnfit,
        "engine-nonsense",
    ),
    "lacks-a-module": ("import llama_cpp_that_is_not_there", EngineMissing, "engine-missing"),
}


@pytest.mark.parametrize("stage", ["hello", "context"])
@pytest.mark.parametrize("death", DEATHS)
def test_every_way_to_die_is_a_sentence(tmp_path: Path, death: str, stage: str) -> None:
    body, leaf, code = DEATHS[death]
    error = _asked(handling(tmp_path, f'if request["do"] == "{stage}":\n    {body}'))
    assert type(error) is leaf
    assert error.code == code
    assert (
        "while starting" if stage == "hello" else "while making"
    ) in error.message or leaf is EngineMissing


def test_the_reason_of_an_abort_is_told(tmp_path: Path) -> None:
    body = DEATHS["aborts-with-reason"][0]
    assert "x > 0" in _asked(handling(tmp_path, body)).message


@pytest.mark.parametrize(
    "body",
    [
        "wait_forever()",
        'send(request["id"] + 1, answer={}); wait_forever()',
        'write(\'{"id": 1, "answer": {\'); wait_forever()',
        'write("noise\\n" * 1000); wait_forever()',
    ],
)
def test_silence_ends_at_the_deadline(tmp_path: Path, body: str) -> None:
    error = _asked(handling(tmp_path, body), Deadlines(start_seconds=0.3))
    assert type(error) is EngineTimeout


def test_a_worker_that_ignores_the_end_of_its_input_is_ended(tmp_path: Path) -> None:
    body = "def handle(request):\n    send(request['id'], answer=HELLO)\n    wait_forever()\nserve(handle)"
    with EngineClient(script(tmp_path, body)) as client:
        assert client.hello().binding == "0.0.1"


@pytest.mark.parametrize(
    "noise",
    [
        'write("Welcome!\\n")',
        'write("{}\\n[]\\nnull\\n")',
        'sys.stdout.buffer.write(b"\\xff\\xfe\\n"); sys.stdout.flush()',
        'send(-5, answer={"late": 1}); send(77, error={"kind": "engine"})',
        'write("x" * 100_000 + "\\n")',
        'sys.stderr.write("e" * 1_000_000); sys.stderr.flush()',
    ],
)
def test_noise_before_the_answer_is_passed_over(tmp_path: Path, noise: str) -> None:
    with EngineClient(handling(tmp_path, noise)) as client:
        assert client.context(SETTINGS).n_ctx == 4096


def test_an_answer_in_two_halves_is_one_answer(tmp_path: Path) -> None:
    body = """
    line = json.dumps({"id": request["id"], "answer": HEALTHY[request["do"]]})
    write(line[:9])
    threading.Event().wait(0.05)
    write(line[9:] + "\\n")
    return True
    """
    with EngineClient(handling(tmp_path, body)) as client:
        assert client.context(SETTINGS).n_ctx == 4096


def test_a_refusal_leaves_the_process_alive(tmp_path: Path) -> None:
    body = 'if request["do"] == "context":\n    return refuse(request, "engine", "no", ["f: too large"])'
    with EngineClient(handling(tmp_path, body)) as client:
        client.hello()
        pid = client.pid
        with pytest.raises(EngineRefused, match="too large"):
            client.context(SETTINGS)
        assert client.pid == pid


def test_an_answer_to_nobody_is_a_failure_to_start(tmp_path: Path) -> None:
    body = 'send(0, error={"kind": "unfit", "message": "Python 3.6 is too old."})\nsys.stdin.readline()'
    with EngineClient(script(tmp_path, body)) as client, pytest.raises(EngineUnfit, match="Python 3"):
        client.hello()


@pytest.mark.parametrize("python", ["/no/such/python", "/", "nul\0byte"])
def test_a_python_that_cannot_be_run_is_no_engine(python: str) -> None:
    with (
        EngineClient(Launch(python=python)) as client,
        pytest.raises(EngineMissing, match="could not be started"),
    ):
        client.hello()


@pytest.mark.parametrize(
    ("bindings", "code", "says"),
    [
        ("import a_module_that_is_not_there", "engine-missing", "a_module_that_is_not_there"),
        (
            "raise RuntimeError('libcudart.so.12: cannot open shared object file: No such file')",
            "engine-library-missing",
            "libcudart.so.12",
        ),
        (
            "raise FileNotFoundError('Shared library with base name llama not found')",
            "engine-missing",
            "base name",
        ),
        ("raise AttributeError('libllama.so: undefined symbol: llama_x')", "engine-unfit", "llama_x"),
        ("_lib = None", "engine-unfit", "too old"),
        ("import os; os._exit(1)", "engine-exited", "exit code 1"),
        ("import os; os.kill(os.getpid(), 4)", "engine-wrong-processor", "newer processor"),
    ],
)
def test_bindings_that_do_not_load_are_a_sentence(
    tmp_path: Path, bindings: str, code: str, says: str
) -> None:
    error = _asked(with_bindings(tmp_path, bindings))
    assert error.code == code
    assert says in error.message


def test_an_engine_that_is_not_installed_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "llama_cpp.py").write_text("")  # hides the package: there is no llama_cpp.llama_cpp here
    error = _asked(Launch(environment={"PYTHONPATH": str(tmp_path)}))
    assert type(error) is EngineMissing
    assert "not installed" in error.message
    assert "pip install" in error.hint


def test_an_engine_that_could_not_load_is_started_again_for_the_next_question(tmp_path: Path) -> None:
    module = tmp_path / "llama_cpp.py"
    module.write_text("")
    with EngineClient(Launch(environment={"PYTHONPATH": str(tmp_path)})) as client:
        with pytest.raises(EngineMissing, match="not installed"):
            client.hello()
        assert client.pid is None
        module.unlink()
        with_bindings(tmp_path, "_lib = None")
        (tmp_path / "path" / "llama_cpp").rename(tmp_path / "llama_cpp")
        assert client.hello().unfit


def test_an_unfit_engine_can_be_asked_who_it_is(tmp_path: Path) -> None:
    with EngineClient(with_bindings(tmp_path, "_lib = None")) as client:
        info = client.hello()
        assert info.unfit
        assert info.binding == "0.0.1"
        with pytest.raises(EngineUnfit):
            client.open(MODEL)


COUNTING = """
import pathlib
log = pathlib.Path(__file__).with_name("log")
def handle(request):
    with log.open("a") as file:
        file.write(request["do"] + " " + str(request.get("n_gpu_layers", "")) + "\\n")
    {body}
serve(handle)
"""


def _log(directory: Path) -> list[str]:
    return (directory / "log").read_text().split()


def test_one_process_and_one_open_model_answer_many_questions(tmp_path: Path) -> None:
    with EngineClient(script(tmp_path, COUNTING.format(body="pass"))) as client:
        for n_ctx in (256, 512, 1024):
            client.open(MODEL)
            client.context(SETTINGS.with_n_ctx(n_ctx))
    assert _log(tmp_path) == ["hello", "open", "0", "context", "context", "context"]


def test_another_placement_opens_the_model_again(tmp_path: Path) -> None:
    with EngineClient(script(tmp_path, COUNTING.format(body="pass"))) as client:
        client.open(MODEL)
        client.open(OpenModel(path="model.gguf", n_gpu_layers=5))
    assert _log(tmp_path) == ["hello", "open", "0", "open", "5"]


def test_a_file_that_changed_is_opened_again(tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"1")
    with EngineClient(script(tmp_path, COUNTING.format(body="pass"))) as client:
        client.open(OpenModel(path=str(file)))
        file.write_bytes(b"22")
        client.open(OpenModel(path=str(file)))
    assert _log(tmp_path) == ["hello", "open", "0", "open", "0"]


def test_after_a_death_the_next_question_is_answered_with_the_model_open(tmp_path: Path) -> None:
    body = 'if request["do"] == "context" and request["n_ctx"] == 512: os.abort()'
    with EngineClient(script(tmp_path, COUNTING.format(body=body))) as client:
        client.open(MODEL)
        with pytest.raises(EngineDied):
            client.context(SETTINGS.with_n_ctx(512))
        assert client.context(SETTINGS).n_ctx == 4096
    assert _log(tmp_path) == ["hello", "open", "0", "context", "hello", "open", "0", "context"]


def test_a_process_that_died_between_two_questions_is_replaced(tmp_path: Path) -> None:
    with EngineClient(script(tmp_path, COUNTING.format(body="pass"))) as client:
        client.open(MODEL)
        pid = client.pid
        assert pid is not None
        handle = os.pidfd_open(pid)
        os.kill(pid, signal.SIGKILL)
        assert ends(handle)
        os.close(handle)
        assert client.context(SETTINGS).n_ctx == 4096
        assert client.pid != pid


def test_a_closed_model_is_not_opened_again(tmp_path: Path) -> None:
    with EngineClient(script(tmp_path, COUNTING.format(body="pass"))) as client:
        client.open(MODEL)
        client.close_model()
        client.close_model()
        client.context(SETTINGS)
    assert _log(tmp_path) == ["hello", "open", "0", "close", "context"]


def test_a_call_is_cancelled_from_another_thread(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    body = f'if request["do"] == "context":\n    open({str(ready)!r}, "w").close()\n    wait_forever()'
    with EngineClient(handling(tmp_path, body)) as client:

        def cancel() -> None:
            ready.open().close()  # returns when the worker is inside the question
            client.cancel()

        thread = threading.Thread(target=cancel)
        thread.start()
        with pytest.raises(Cancelled):
            client.context(SETTINGS)
        thread.join()
        assert client.pid is None
        assert client.hello().binding == "0.0.1"


def test_a_call_that_is_cancelled_before_its_process_runs_asks_nothing(tmp_path: Path) -> None:
    with EngineClient(handling(tmp_path, "wait_forever()")) as client, client._calling() as call:
        client.cancel()
        with pytest.raises(Cancelled):
            client._start(call)


def test_cancelling_nothing_does_nothing(tmp_path: Path) -> None:
    with EngineClient(handling(tmp_path, "pass")) as client:
        client.cancel()
        client.hello()
        pid = client.pid
        client.cancel()
        assert client.hello().binding == "0.0.1"
        assert client.pid == pid


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Python's own handler: a test run that a shell put into the background ignores interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_the_process(tmp_path: Path) -> None:
    body = f'if request["do"] == "context":\n    os.kill({os.getpid()}, signal.SIGINT)\n    wait_forever()'
    with EngineClient(handling(tmp_path, body)) as client:
        with pytest.raises(KeyboardInterrupt):
            client.context(SETTINGS)
        assert client.pid is None


def test_threads_take_turns(tmp_path: Path) -> None:
    with EngineClient(handling(tmp_path, "pass")) as client:
        answers: list[int] = []
        threads = [
            threading.Thread(target=lambda: answers.append(client.context(SETTINGS).n_ctx)) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [4096] * 8


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_idle_process_is_retired_and_comes_back(tmp_path: Path) -> None:
    clock = Clock()
    with EngineClient(script(tmp_path, COUNTING.format(body="pass")), clock=clock) as client:
        assert client.idle_seconds is None
        assert not client.retire_if_idle(20)
        client.open(MODEL)
        clock.now = 19.0
        assert client.idle_seconds == 19.0
        assert not client.retire_if_idle(20)
        client.context(SETTINGS)
        clock.now = 38.0
        assert not client.retire_if_idle(20)
        clock.now = 39.0
        assert client.retire_if_idle(20)
        assert client.pid is None
        assert not client.retire_if_idle(20)
        assert client.context(SETTINGS).n_ctx == 4096
    assert _log(tmp_path) == ["hello", "open", "0", "context", "hello", "open", "0", "context"]


def test_a_busy_process_is_not_retired(tmp_path: Path) -> None:
    with EngineClient(handling(tmp_path, "pass")) as client:
        client.hello()
        with client._calling():
            assert client.idle_seconds is None
            assert not client.retire_if_idle(0)


def test_a_closed_client_can_be_asked_again(tmp_path: Path) -> None:
    client = EngineClient(handling(tmp_path, "pass"))
    client.close()
    client.hello()
    client.close()
    client.close()
    client.hello()
    client.close()


def test_the_process_ends_with_the_program(tmp_path: Path) -> None:
    launch = handling(tmp_path, "pass")
    program = (
        "import sys\n"
        "from advisor.engine.client import EngineClient\n"
        "from advisor.engine.launch import Launch\n"
        f"client = EngineClient(Launch(worker={str(launch.worker)!r}))\nclient.hello()\n"
        "print(client.pid, flush=True)\nsys.stdin.read()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdin is not None
    handle = os.pidfd_open(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    assert ends(handle)
    os.close(handle)
    parent.stdout.close()
    parent.stdin.close()
