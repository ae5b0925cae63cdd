"""Who holds a GPU's memory, and how each gives it back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from advisor.hardware.detectors.holders import Process, holders, process_reader
from advisor.hardware.device import Holder
from tests.support.fake_trees import process, write_files

DIGEST = "0123456789abcdef" * 4


def one(running: Process | None, root: Path = Path("/nowhere"), platform: str = "linux") -> Holder:
    (holder,) = holders([(7, 100)], lambda pid: running, root, platform)
    return holder


def test_nobody() -> None:
    assert holders([], lambda pid: None) == ()


def test_a_process_that_is_gone_keeps_its_number() -> None:
    assert one(None) == Holder("process 7", 100)


def test_this_process_is_left_out() -> None:
    assert holders([(os.getpid(), 5)], lambda pid: Process("python")) == ()


def test_compute_and_graphics_of_one_process_are_not_added() -> None:
    found = holders([(7, 100), (7, 300), (7, None)], lambda pid: Process("game"))
    assert found == (Holder("game", 300),)


def test_processes_of_one_program_are_added_and_the_largest_comes_first() -> None:
    names = {1: "firefox", 2: "firefox", 3: "Xorg"}
    found = holders([(1, 100), (3, 150), (2, 100)], lambda pid: Process(names[pid]))
    assert found == (Holder("firefox", 200), Holder("Xorg", 150))


def test_unknown_use_stays_unknown() -> None:
    assert holders([(7, None)], lambda pid: Process("dwm.exe")) == (Holder("dwm", None),)
    assert holders([(7, None), (8, 50)], lambda pid: Process("game")) == (Holder("game", 50),)


def test_only_the_largest_are_named() -> None:
    found = holders([(pid, pid) for pid in range(1, 30)], lambda pid: Process(f"program {pid}"))
    assert [holder.n_bytes for holder in found] == [29, 28, 27, 26, 25, 24, 23, 22]


def test_paths_and_users_stay_out_of_names() -> None:
    running = Process(r"C:\Users\me\secret\game.exe", (r"C:\Users\me\secret\game.exe", "--user", "me"))
    assert one(running) == Holder("game", 100)


@pytest.mark.parametrize(
    "command",
    [
        ("/usr/bin/ollama", "runner", "--model", f"/models/blobs/sha256-{DIGEST}"),
        ("/usr/local/lib/ollama/llama-server", "-m", f"/models/blobs/sha256-{DIGEST}"),
        ("ollama", "serve"),
    ],
)
def test_ollama_with_an_unknown_model(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert one(Process("ollama", command), tmp_path) == Holder("Ollama", 100, "ollama ps; ollama stop NAME")


@pytest.mark.parametrize(
    ("manifest", "name"),
    [
        ("registry.ollama.ai/library/llama3.1/8b", "llama3.1:8b"),
        ("registry.ollama.ai/someone/tuned/latest", "someone/tuned:latest"),
        ("hf.co/bartowski/Qwen3-8B-GGUF/Q4_K_M", "hf.co/bartowski/Qwen3-8B-GGUF:Q4_K_M"),
    ],
)
def test_ollama_with_a_model_that_its_manifests_name(tmp_path: Path, manifest: str, name: str) -> None:
    write_files(
        tmp_path,
        {
            f"models/manifests/{manifest}": f'{{"layers": [{{"digest": "sha256:{DIGEST}"}}]}}',
            "models/manifests/registry.ollama.ai/library/other/1b": '{"layers": []}',
        },
    )
    running = Process("ollama", ("/usr/bin/ollama", "runner", "--model", f"/models/blobs/sha256-{DIGEST}"))
    assert one(running, tmp_path).release_command == f"ollama stop {name}"


@pytest.mark.parametrize(
    "running",
    [
        Process("LM Studio", ("/opt/LM Studio/lm-studio",)),
        Process("node", ("/home/me/.lmstudio/.internal/utils/node", "worker.js")),
        Process("LM Studio.exe"),
    ],
)
def test_lm_studio(running: Process) -> None:
    assert one(running) == Holder("LM Studio", 100, "lms unload --all")


@pytest.mark.parametrize(
    ("command", "platform", "release"),
    [
        (("/opt/llama/llama-server", "-m", "x.gguf"), "linux", "kill 7"),
        ((r"C:\llama\llama-server.exe", "-m", "x.gguf"), "win32", "taskkill /PID 7"),
    ],
)
def test_llama_server(command: tuple[str, ...], platform: str, release: str) -> None:
    found = one(Process("llama-server", command), platform=platform)
    assert found == Holder("llama-server", 100, release)


def test_programs_from_proc(tmp_path: Path) -> None:
    process(tmp_path, 7, "ollama", "/usr/bin/ollama", "runner", "--port", "1")
    read = process_reader(tmp_path, "linux")
    assert read(7) == Process("ollama", ("/usr/bin/ollama", "runner", "--port", "1"))
    assert read(8) is None


def test_a_store_of_ollamas_that_cannot_be_looked_into_names_no_model(tmp_path: Path) -> None:
    blob = f"/{'x' * 300}/blobs/sha256-{DIGEST}"  # no system has such a name
    found = one(Process("ollama", ("ollama", "runner", "--model", blob)), tmp_path)
    assert found.release_command == "ollama ps; ollama stop NAME"


def test_a_program_that_hides_its_command_line_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(process: psutil.Process) -> list[str]:
        raise psutil.AccessDenied(process.pid)

    monkeypatch.setattr(psutil.Process, "cmdline", deny)
    running = process_reader(Path("/"), "win32")(os.getpid())
    assert running is not None
    assert running == Process(psutil.Process().name())


def test_programs_from_psutil() -> None:
    read = process_reader(Path("/"), "win32")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        running = read(child.pid)
        assert child.stdin is not None
        child.stdin.close()
    assert running is not None
    assert running.command[1:] == ("-c", "input()")
    assert read(child.pid) is None
