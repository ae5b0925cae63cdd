"""Finding and reading preset files: shipped, the user's own on top, and malformed ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from advisor import presets
from advisor.errors import PresetError
from tests.support.shut_folders import shut

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of shipped presets in place of the program's own."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    monkeypatch.setattr(presets, "preset_path", lambda name: folder / name)
    return folder


@pytest.fixture
def own() -> Path:
    folder = presets.user_presets()
    folder.mkdir(parents=True)
    return folder


def test_an_unknown_preset_file_is_named() -> None:
    with pytest.raises(PresetError, match=r"presets/nothing\.toml is missing") as caught:
        presets.read_toml("nothing")
    assert caught.value.exit_code == 2
    assert "Install" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.toml", b"[goal", "malformed"),
        ("a.toml", b"\xff\xfe", "malformed"),
        ("a.json", b"{", "malformed"),
        ("a.json", b"[1, 2]", "holds no table"),
        ("a.json", b"", "malformed"),
        ("a.json", b"[" * 100_000, "malformed"),
        ("a.json", b" " * (8 * 1024 * 1024 + 1), "too large"),
    ],
)
def test_a_malformed_file(shipped: Path, name: str, content: bytes, reason: str) -> None:
    (shipped / name).write_bytes(content)
    read = presets.read_toml if name.endswith("toml") else presets.read_json
    with pytest.raises(PresetError, match=reason) as caught:
        read(name)
    assert name in caught.value.message


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match="cannot be read"):
        presets.read_json_file(tmp_path)


def test_names_with_and_without_suffix(shipped: Path) -> None:
    (shipped / "a.toml").write_text("x = 1\n", encoding="utf-8")
    (shipped / "a.json").write_text('\ufeff{"x": 2}', encoding="utf-8")
    assert presets.read_toml("a") == presets.read_toml("a.toml") == {"x": 1}
    assert presets.read_json("a") == presets.read_json("a.json") == {"x": 2}


def test_the_users_tables_replace_or_join_ours(shipped: Path, own: Path) -> None:
    (shipped / "goals.toml").write_text("[chat]\nn_ctx = 1\nusers = 2\n[code]\nn_ctx = 3\n", encoding="utf-8")
    (own / "goals.toml").write_text("[chat]\nn_ctx = 9\n[mine]\nn_ctx = 4\n", encoding="utf-8")
    assert presets.read_toml("goals") == {"chat": {"n_ctx": 9}, "code": {"n_ctx": 3}, "mine": {"n_ctx": 4}}


def test_the_users_list_comes_first(shipped: Path, own: Path) -> None:
    (shipped / "gpus.json").write_text('{"gpus": [1, 2], "about": "ours"}', encoding="utf-8")
    (own / "gpus.json").write_text('{"gpus": [3]}', encoding="utf-8")
    assert presets.read_json("gpus") == {"gpus": [3, 1, 2], "about": "ours"}


def test_a_folder_of_the_users_that_may_not_be_looked_into_is_named(shipped: Path, own: Path) -> None:
    (shipped / "gpus.json").write_text('{"gpus": []}', encoding="utf-8")
    with shut(own), pytest.raises(PresetError, match="cannot be read: Permission denied") as caught:
        presets.read_json("gpus")
    assert str(own) in caught.value.message


def test_a_list_cannot_become_something_else(shipped: Path, own: Path) -> None:
    (shipped / "gpus.json").write_text('{"gpus": [1, 2]}', encoding="utf-8")
    (own / "gpus.json").write_text('{"gpus": {"a": 1}}', encoding="utf-8")
    with pytest.raises(PresetError, match='"gpus" must be a list'):
        presets.read_json("gpus")


def test_a_malformed_file_of_the_user_is_named(shipped: Path, own: Path) -> None:
    (shipped / "goals.toml").write_text("", encoding="utf-8")
    (own / "goals.toml").write_text("=", encoding="utf-8")
    with pytest.raises(PresetError) as caught:
        presets.read_toml("goals")
    assert str(own / "goals.toml") in caught.value.message


def test_the_shipped_files_are_found_in_a_checkout() -> None:
    assert presets.preset_path("gpus.json") == REPOSITORY / "presets" / "gpus.json"


def test_the_shipped_files_are_found_when_installed(tmp_path: Path) -> None:
    package = tmp_path / "advisor"
    (package / "presets_data").mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "presets_data" / "x.json").write_text('{"installed": true}', encoding="utf-8")
    for module in ("presets.py", "errors.py"):
        (package / module).write_bytes((REPOSITORY / "advisor" / module).read_bytes())
    code = "from advisor.presets import read_json; print(read_json('x'))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "{'installed': True}", done.stderr
