"""The Vulkan device for tests: what is fetched, linked, checked and said. npm and the engine are played."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from environment import debian, record, rig, verbs
from environment.console import Finished, SetupStopped
from environment.record import Engine

from tests.support import vulkan_rig

ENGINE = Engine("llama-cpp-python==0.3.36", "cpu")
PYTHON = Path("python")
LISTED = {"CPU": "A processor", "Vulkan0": "llvmpipe (LLVM 15.0.6, 256 bits)"}


@dataclass
class Player:
    """Plays npm, the environment's Python and the engine in it."""

    package: Path  # of llama_cpp
    content: bytes | None = b"a library"  # None: not in the archive
    npm: Finished = field(default_factory=lambda: Finished(0, ""))
    devices: Mapping[str, str] | None = field(default_factory=lambda: LISTED)  # None: it does not start
    commands: list[str] = field(default_factory=list)
    variables: Mapping[str, str] = field(default_factory=dict)  # of the engine

    def __call__(self, command: Sequence[str], additions: Mapping[str, str]) -> Finished:
        self.commands.append(command[0])
        if command[0] == "npm":
            if self.npm.ok:
                self._pack(Path(command[command.index("--pack-destination") + 1]))
            return self.npm
        if command[-1] == rig.LOCATE:
            return Finished(0, f"LIB {self.package}\n")
        assert command[-1] == rig.CHECK
        self.variables = additions
        said = "Traceback" if self.devices is None else "RIG " + json.dumps(self.devices)
        return Finished(int(self.devices is None), f"noise\n{said}\n")

    def _pack(self, directory: Path) -> None:
        with tarfile.open(directory / "package-1.tgz", "w:gz") as archive:
            if self.content is not None:
                entry = tarfile.TarInfo(rig.MEMBER)
                entry.size = len(self.content)
                archive.addfile(entry, io.BytesIO(self.content))


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment on a computer that has all the packages."""
    drivers = tmp_path / "icd.d"
    drivers.mkdir()
    for name in ("lvp_icd.i686.json", "lvp_icd.x86_64.json", "radeon_icd.x86_64.json"):
        (drivers / name).write_text("{}")
    monkeypatch.setattr(rig, "DRIVERS", drivers)
    monkeypatch.setattr(rig, "SHA256", hashlib.sha256(b"a library").hexdigest())
    monkeypatch.setattr(rig, "_loads", lambda library: True)
    monkeypatch.setattr(rig.shutil, "which", lambda name: name)
    monkeypatch.setattr(rig.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(debian, "may_install", lambda: False)
    monkeypatch.setattr(debian, "is_debian", lambda: True)
    (tmp_path / "environment").mkdir()
    return tmp_path / "environment"


@pytest.fixture
def player(tmp_path: Path) -> Player:
    library = tmp_path / "llama_cpp" / "lib"
    library.mkdir(parents=True)
    (library / "libggml-base.so.0").write_bytes(b"ggml")
    return Player(tmp_path / "llama_cpp")


def stopped(environment: Path, player: Player) -> SetupStopped:
    with pytest.raises(SetupStopped) as raised:
        rig.set_up(environment, PYTHON, ENGINE, player, "setup.log")
    assert not (environment / "rig" / "rig.json").exists()
    return raised.value


def test_elsewhere_than_on_linux_it_cannot_be_had(
    environment: Path, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert "Linux" in stopped(environment, player).sentence
    assert player.commands == []


def test_missing_packages_are_named_with_the_command(
    environment: Path, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    (rig.DRIVERS / "lvp_icd.x86_64.json").unlink()
    monkeypatch.setattr(rig, "_loads", lambda library: False)
    stop = stopped(environment, player)
    assert stop.sentence == "The Vulkan device for tests needs libvulkan1, mesa-vulkan-drivers."
    assert stop.hint.endswith("sudo apt-get install libvulkan1 mesa-vulkan-drivers")
    monkeypatch.setattr(debian, "is_debian", lambda: False)
    assert "apt-get" not in stopped(environment, player).hint


def test_missing_packages_are_installed_where_that_is_allowed(
    environment: Path, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = rig.DRIVERS / "lvp_icd.x86_64.json"
    manifest.unlink()

    def install(packages: Sequence[str], run: object) -> bool:
        assert list(packages) == ["mesa-vulkan-drivers"]
        manifest.write_text("{}")
        return True

    monkeypatch.setattr(debian, "install", install)
    rig.set_up(environment, PYTHON, ENGINE, player, "setup.log")
    assert (environment / "rig" / "rig.json").exists()


def test_npm_is_needed_only_if_there_is_something_to_fetch(
    environment: Path, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rig.shutil, "which", lambda name: None)
    assert "needs npm" in stopped(environment, player).sentence
    (environment / "rig").mkdir(exist_ok=True)
    (environment / "rig" / "libggml-vulkan.so").write_bytes(b"a library")
    rig.set_up(environment, PYTHON, ENGINE, player, "setup.log")
    assert "npm" not in player.commands


def test_without_a_network_it_is_said(environment: Path, player: Player) -> None:
    player.npm = Finished(1, "npm error code ENOTFOUND\n")
    assert "cannot be reached" in stopped(environment, player).sentence
    player.npm = Finished(1, "npm error code ETARGET\n")
    assert stopped(environment, player).hint == "The full output is in setup.log."


@pytest.mark.parametrize("content", [b"another library", b"", None])
def test_what_is_not_the_library_is_thrown_away(
    environment: Path, player: Player, content: bytes | None
) -> None:
    player.content = content
    assert "not what was expected" in stopped(environment, player).sentence
    assert list((environment / "rig").iterdir()) == []


def test_an_engine_without_its_ggml_cannot_be_linked_to(environment: Path, player: Player) -> None:
    (player.package / "lib" / "libggml-base.so.0").unlink()
    assert "libggml-base.so.0" in stopped(environment, player).sentence


def test_an_engine_that_does_not_list_the_device_is_not_accepted(environment: Path, player: Player) -> None:
    player.devices = {"CPU": "A processor"}
    assert stopped(environment, player).sentence.startswith("The engine lists CPU;")
    player.devices = {"CUDA0": "A card", **LISTED}
    assert "ENGINE=cpu" in stopped(environment, player).hint
    player.devices = {}
    assert stopped(environment, player).sentence.startswith("The engine lists no device;")
    player.devices = None
    assert "does not start" in stopped(environment, player).sentence


def test_a_first_run_does_everything_and_a_second_nothing(
    environment: Path, player: Player, capsys: pytest.CaptureFixture[str]
) -> None:
    rig.set_up(environment, PYTHON, ENGINE, player, "setup.log")
    directory = environment / "rig"
    assert (directory / "libggml-vulkan.so").read_bytes() == b"a library"
    assert (directory / "libggml-base.so").readlink() == player.package / "lib" / "libggml-base.so.0"
    assert sorted(file.name for file in directory.iterdir()) == [
        "libggml-base.so",
        "libggml-vulkan.so",
        "rig.json",
    ]
    assert player.variables["GGML_BACKEND_PATH"] == str(directory / "libggml-vulkan.so")
    assert player.variables["VK_DRIVER_FILES"] == str(rig.DRIVERS / "lvp_icd.x86_64.json")
    assert LISTED["Vulkan0"] in capsys.readouterr().out
    player.commands.clear()
    rig.set_up(environment, PYTHON, ENGINE, player, "setup.log")
    assert player.commands == []


def test_another_engine_is_asked_again_and_nothing_is_fetched(environment: Path, player: Player) -> None:
    rig.set_up(environment, PYTHON, ENGINE, player, "setup.log")
    player.commands.clear()
    rig.set_up(environment, PYTHON, Engine("llama-cpp-python==0.3.37", "cpu"), player, "setup.log")
    assert player.commands == ["python", "python"]


def test_a_rig_that_stops_working_is_not_kept(environment: Path, player: Player) -> None:
    rig.set_up(environment, PYTHON, ENGINE, player, "setup.log")
    player.devices = None
    with pytest.raises(SetupStopped):
        rig.set_up(environment, PYTHON, Engine("llama-cpp-python==0.3.37", "cpu"), player, "setup.log")
    assert not (environment / "rig" / "rig.json").exists()


def test_the_verb_brings_the_environment_up_to_date_first(
    environment: Path, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    def set_up(extras: frozenset[str], *, wish: str, engine_needed: bool | None) -> Path:
        assert (extras, wish, engine_needed) == (verbs.DEVELOPER, "cpu", True)
        record.write(environment, record.Record(engine=ENGINE))
        return PYTHON

    monkeypatch.setattr(verbs, "ENVIRONMENT", environment)
    monkeypatch.setattr(verbs, "set_up", set_up)
    others: list[Path] = []
    monkeypatch.setattr(verbs.readers, "set_up", lambda environment, run, log: others.append(environment))
    monkeypatch.setattr(verbs, "logged_runner", lambda log: player)
    assert verbs.main(["rig", "--engine", "cpu"]) == 0
    assert json.loads((environment / "rig" / "rig.json").read_text())["engine"]["installed"] == "cpu"
    assert others == [environment]


# ---- what the tests marked gpu make of it -----------------------------------------------------------


def test_the_tests_find_the_device(
    environment: Path, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.set_up(environment, PYTHON, ENGINE, player, "setup.log")
    monkeypatch.setattr(sys, "prefix", str(environment))
    assert vulkan_rig.environment() == player.variables


def test_without_it_they_are_skipped_and_in_ci_they_fail(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", str(environment))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="make rig"):
        vulkan_rig.environment()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="make rig"):
        vulkan_rig.environment()
