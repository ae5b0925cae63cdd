"""The system libraries that Qt needs: found, named, installed where that is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from environment import debian, qt_libraries
from environment.console import Finished, SetupStopped


def loader_without(*absent: str) -> qt_libraries.Loader:
    def load(library: str) -> object:
        if library in absent:
            raise OSError(f"{library}: cannot open shared object file")
        return object()

    return load


def no_command(command: Sequence[str], additions: Mapping[str, str]) -> Finished:
    raise AssertionError(f"nothing may be run, but {command} was")


def test_missing_libraries_are_those_that_do_not_load() -> None:
    load = loader_without("libEGL.so.1", "libxcb-cursor.so.0")
    assert qt_libraries.missing(qt_libraries.ALL, load) == ("libEGL.so.1", "libxcb-cursor.so.0")
    assert qt_libraries.missing(qt_libraries.ALL, loader_without()) == ()


def test_their_debian_packages_are_known() -> None:
    assert qt_libraries.packages_for(["libxcb-cursor.so.0", "libEGL.so.1"]) == ("libegl1", "libxcb-cursor0")


def test_the_advice_is_a_command_on_debian() -> None:
    assert qt_libraries.advice(["libEGL.so.1"], on_debian=True).endswith("sudo apt-get install libegl1")
    assert "apt-get" not in qt_libraries.advice(["libEGL.so.1"], on_debian=False)


@pytest.fixture
def ordinary_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "may_install", lambda: False)
    monkeypatch.setattr(debian, "is_debian", lambda: True)


def lacking(monkeypatch: pytest.MonkeyPatch, *absent: str) -> None:
    found = qt_libraries.missing

    def missing(libraries: Mapping[str, str]) -> tuple[str, ...]:
        return found(libraries, loader_without(*absent))

    monkeypatch.setattr(qt_libraries, "missing", missing)


@pytest.mark.usefixtures("ordinary_user")
def test_without_rights_the_libraries_and_the_command_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking(monkeypatch, "libEGL.so.1")
    with pytest.raises(SetupStopped) as stopped:
        qt_libraries.ensure(no_command, window=False)
    assert "libEGL.so.1" in stopped.value.sentence
    assert "sudo apt-get install libegl1" in stopped.value.hint


@pytest.mark.usefixtures("ordinary_user")
def test_a_library_that_only_a_window_needs_does_not_stop_the_tests(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking(monkeypatch, "libxcb-cursor.so.0")
    qt_libraries.ensure(no_command, window=False)
    assert capsys.readouterr().out == ""
    qt_libraries.ensure(no_command, window=True)
    assert "libxcb-cursor0" in capsys.readouterr().out


def test_packages_are_installed_where_that_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    run: list[list[str]] = []

    def apt(command: Sequence[str], additions: Mapping[str, str]) -> Finished:
        run.append(list(command))
        monkeypatch.setattr(qt_libraries, "missing", lambda libraries: ())
        return Finished(0, "")

    monkeypatch.setattr(debian, "may_install", lambda: True)
    lacking(monkeypatch, "libEGL.so.1")
    qt_libraries.ensure(apt, window=True)
    assert len(run) == 1
    assert run[0][-5:] == ["apt-get", "install", "-y", "--no-install-recommends", "libegl1"]


def test_package_lists_are_fetched_when_the_first_try_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    run: list[str] = []

    def apt(command: Sequence[str], additions: Mapping[str, str]) -> Finished:
        run.append(command[-1] if command[-1] == "update" else "install")
        return Finished(0 if "update" in run else 100, "")

    monkeypatch.setattr(debian, "may_install", lambda: True)
    assert debian.install(("libegl1",), apt)
    assert run == ["install", "update", "install"]


def test_without_root_apt_is_run_by_sudo_without_a_question() -> None:
    assert debian.install_command(["x"], is_root=False)[:2] == ["sudo", "-n"]
    assert debian.install_command(["x"], is_root=True)[0] == "apt-get"
