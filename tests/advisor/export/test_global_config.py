from pathlib import Path

import pytest

from advisor.export.global_config import global_config_note
from advisor.library.places import Places


def places(tmp_path: Path, system: str = "linux", **environment: str) -> Places:
    return Places(home=tmp_path / "home", root=tmp_path / "root", environment=environment, system=system)


def a_config(folder: Path) -> str:
    file = folder / "llama.cpp" / "config.ini"
    file.parent.mkdir(parents=True)
    file.write_text("c = 4096\n")
    return str(file)


@pytest.mark.parametrize("to", ["llama-server", "ollama", "vllm"])
def test_without_such_a_file_there_is_nothing_to_say(to: str, tmp_path: Path) -> None:
    assert global_config_note(to, places(tmp_path)) is None
    (tmp_path / "home/.config/llama.cpp/config.ini").mkdir(parents=True)  # a folder is not one
    assert global_config_note(to, places(tmp_path)) is None


def test_each_file_that_is_there_is_named(tmp_path: Path) -> None:
    there = [a_config(tmp_path / "home/.config"), a_config(tmp_path / "root/etc")]
    note = global_config_note("jan", places(tmp_path)) or ""
    assert all(file in note for file in there)
    # These do not read it; a container does not see it.
    for to in ("lm-studio", "llama-cpp-python", "vllm", "koboldcpp", "docker-model-runner", "ramalama"):
        assert global_config_note(to, places(tmp_path)) is None


def test_where_the_environment_or_windows_puts_it(tmp_path: Path) -> None:
    moved = a_config(tmp_path / "moved")
    assert moved in (
        global_config_note("ollama", places(tmp_path, XDG_CONFIG_HOME=str(tmp_path / "moved"))) or ""
    )
    on_windows = places(
        tmp_path, "win32", APPDATA=str(tmp_path / "absent"), PROGRAMDATA=str(tmp_path / "moved")
    )
    assert moved in (global_config_note("llama-server", on_windows) or "")
