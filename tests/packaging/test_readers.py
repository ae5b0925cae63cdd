"""Other programs' readers for tests: what is fetched, compared, laid out and said. npm is played."""

import hashlib
import io
import json
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from environment import debian, readers
from environment.console import Finished, SetupStopped

from tests.support import readers as found

FILES = {"maker/one@1.0.0": {"index.js": b"1"}, "two@2.0.0": {"dist/a/b.js": b"2", "package.json": b"{}"}}


def archive(files: Mapping[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as content:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(text)
            content.addfile(entry, io.BytesIO(text))
    return sink.getvalue()


ARCHIVES = {package: archive(files) for package, files in FILES.items()}


@dataclass
class Npm:
    """Plays npm pack."""

    archives: Mapping[str, bytes] = field(default_factory=lambda: ARCHIVES)
    answer: Finished = field(default_factory=lambda: Finished(0, ""))
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def __call__(self, command: Sequence[str], _: Mapping[str, str]) -> Finished:
        self.asked.append(tuple(command))
        if self.answer.ok:
            place = Path(command[command.index("--pack-destination") + 1])
            for number, content in enumerate(self.archives.values()):
                (place / f"{number}.tgz").write_bytes(content)
        return self.answer


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment on a computer that has node and npm."""
    hashes = {package: hashlib.sha256(content).hexdigest() for package, content in ARCHIVES.items()}
    monkeypatch.setattr(readers, "PACKAGES", hashes)
    monkeypatch.setattr(readers.shutil, "which", lambda name: name)
    monkeypatch.setattr(debian, "may_install", lambda: False)
    monkeypatch.setattr(debian, "is_debian", lambda: True)
    return tmp_path


def stopped(environment: Path, npm: Npm) -> SetupStopped:
    with pytest.raises(SetupStopped) as raised:
        readers.set_up(environment, npm, "setup.log")
    assert not (environment / "readers" / "readers.json").exists()
    assert not list(environment.glob("readers/*.tgz"))
    return raised.value


def test_without_node_it_is_said_what_to_install(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers.shutil, "which", lambda name: None)
    error = stopped(environment, Npm())
    assert "need nodejs, npm" in error.sentence
    assert "sudo apt-get install nodejs npm" in error.hint


def test_without_a_network_it_is_said(environment: Path) -> None:
    assert "cannot be reached" in stopped(environment, Npm(answer=Finished(1, "code ENOTFOUND"))).sentence
    assert "setup.log" in stopped(environment, Npm(answer=Finished(1, "code ETARGET"))).hint


def test_another_content_is_not_laid_out(environment: Path) -> None:
    other = {**ARCHIVES, "two@2.0.0": archive({"package.json": b"[]"})}
    error = stopped(environment, Npm(other))
    assert error.sentence == "What came as two@2.0.0 is not what was expected."
    assert not (environment / "readers" / "node_modules").exists()


def test_too_few_archives_are_a_failure(environment: Path) -> None:
    assert "could not fetch" in stopped(environment, Npm({"two@2.0.0": ARCHIVES["two@2.0.0"]})).sentence


def test_a_first_run_does_everything_and_a_second_nothing(environment: Path) -> None:
    npm = Npm()
    left = environment / "readers" / "node_modules" / "old" / "index.js"
    left.parent.mkdir(parents=True)
    left.write_text("of another version")
    readers.set_up(environment, npm, "setup.log")
    modules = environment / "readers" / "node_modules"
    laid_out = {
        str(path.relative_to(modules)): path.read_bytes() for path in modules.rglob("*") if path.is_file()
    }
    assert laid_out == {"maker/one/index.js": b"1", "two/dist/a/b.js": b"2", "two/package.json": b"{}"}
    assert json.loads((environment / "readers" / "readers.json").read_text()) == readers.PACKAGES
    assert not list(environment.glob("readers/*.tgz"))
    readers.set_up(environment, npm, "setup.log")
    assert len(npm.asked) == 1


def test_another_version_is_fetched_anew(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = Npm()
    readers.set_up(environment, npm, "setup.log")
    newer = {"two@3.0.0": archive({"package.json": b"3"})}
    monkeypatch.setattr(
        readers, "PACKAGES", {it: hashlib.sha256(content).hexdigest() for it, content in newer.items()}
    )
    npm.archives = newer
    readers.set_up(environment, npm, "setup.log")
    assert (environment / "readers" / "node_modules" / "two" / "package.json").read_bytes() == b"3"
    assert not (environment / "readers" / "node_modules" / "maker").exists()


def test_the_tests_find_them(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readers.set_up(environment, Npm(), "setup.log")
    monkeypatch.setattr(sys, "prefix", str(environment))
    assert found.modules() == environment / "readers" / "node_modules"


def test_without_them_they_are_skipped_and_in_ci_they_fail(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", str(environment))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="make rig"):
        found.modules()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="make rig"):
        found.modules()
