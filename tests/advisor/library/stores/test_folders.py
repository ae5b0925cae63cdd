from __future__ import annotations

from pathlib import Path

import pytest

from advisor.library import files
from advisor.library.stores import folders
from tests.support.model_stores import add_file, places
from tests.support.shut_folders import shut


def names(top: Path) -> list[str]:
    return [str(model.path.relative_to(top)) for model in folders.find([top]).models]


def test_what_cannot_be_read_is_named_and_the_rest_is_found(tmp_path: Path) -> None:
    good = add_file(tmp_path, "good/a.gguf", b"GGUF")
    a_file = add_file(tmp_path, "file", b"x")
    found = folders.find([tmp_path / "absent", a_file, Path("no\0name"), good.parent])
    assert [model.path for model in found.models] == [good]
    assert [trouble.sentence.rpartition(": ")[2] for trouble in found.unreadable] == [
        "it does not exist.",
        "it is not a folder.",
        "embedded null byte.",
    ]


def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    add_file(tmp_path, "open/a.gguf", b"GGUF")
    add_file(tmp_path, "shut/b.gguf", b"GGUF")
    with shut(tmp_path / "shut"):
        found = folders.find([tmp_path])
    assert [model.path.name for model in found.models] == ["a.gguf"]
    assert [trouble.path.name for trouble in found.unreadable] == ["shut"]
    assert "no permission" in found.unreadable[0].sentence


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    add_file(tmp_path, "elsewhere/a.gguf", b"GGUF")
    top = tmp_path / "models"
    top.mkdir()
    (top / "link").symlink_to(tmp_path / "elsewhere")
    (top / "second-link").symlink_to(tmp_path / "elsewhere")
    (top / "loop").symlink_to(top)
    (tmp_path / "elsewhere" / "back").symlink_to(top)
    (top / "dead").symlink_to(tmp_path / "nothing")
    assert names(top) == ["link/a.gguf"]


def test_depth_is_bounded(tmp_path: Path) -> None:
    deepest = "/".join("d" * folders.MAX_DEPTH)
    add_file(tmp_path, f"{deepest}/seen.gguf", b"GGUF")
    add_file(tmp_path, f"{deepest}/d/unseen.gguf", b"GGUF")
    assert names(tmp_path) == [f"{deepest}/seen.gguf"]


def test_an_endless_folder_is_read_in_part_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_ENTRIES", 10)
    for folder in ("a", "b"):
        for number in range(9):
            add_file(tmp_path, f"{folder}/{number}.gguf", b"GGUF")
    found = folders.find([tmp_path])
    assert len(found.models) == 9
    assert "only a part of it" in found.unreadable[0].sentence


def test_hidden_folders_are_left_out_unless_they_are_given(tmp_path: Path) -> None:
    hidden = add_file(tmp_path, ".trash/a.gguf", b"GGUF").parent
    assert names(tmp_path) == []
    assert names(hidden) == ["a.gguf"]


def test_names_begin_as_the_folder_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_file(tmp_path, "models/a.gguf", b"GGUF")
    monkeypatch.chdir(tmp_path)
    (model,) = folders.find([Path("models")]).models
    assert (model.name, model.store, model.runtime) == (str(Path("models", "a.gguf")), "folder", None)


def test_the_usual_folders_need_not_be_named(tmp_path: Path) -> None:
    add_file(tmp_path, "models/deep/er/a.gguf", b"GGUF")
    add_file(tmp_path, "Downloads/b.gguf", b"GGUF")
    add_file(tmp_path, "Downloads/unpacked/c.gguf", b"GGUF")
    add_file(tmp_path, "Downloads/unpacked/deeper/d.gguf", b"GGUF")
    add_file(tmp_path, "Downloads/half.gguf.part", b"GG")
    found = folders.find_usual(places(tmp_path))
    assert [model.path.name for model in found.models] == ["a.gguf", "b.gguf", "c.gguf"]
    assert (found.unreadable, found.left_out) == ((), ())


def test_no_usual_folder_is_no_trouble(tmp_path: Path) -> None:
    found = folders.find_usual(places(tmp_path))
    assert (found.models, found.unreadable) == ((), ())


@pytest.mark.parametrize(
    ("content", "folder"),
    [
        (b'# x\nXDG_DOWNLOAD_DIR="$HOME/Geladen"\n', "Geladen"),
        (b'XDG_DOWNLOAD_DIR="{}/elsewhere"\n', "elsewhere"),
        (b'XDG_DOWNLOAD_DIR="$HOME/"\n', "Downloads"),
        (b'XDG_DOWNLOAD_DIR="relative"\n', "Downloads"),
        (b"\xff\xff", "Downloads"),
    ],
)
def test_downloads_have_another_name_in_every_language(content: bytes, folder: str, tmp_path: Path) -> None:
    add_file(tmp_path, ".config/user-dirs.dirs", content.replace(b"{}", str(tmp_path).encode()))
    assert folders.downloads(places(tmp_path)) == tmp_path / folder


def test_a_link_whose_file_is_gone_is_a_model_with_a_problem(tmp_path: Path) -> None:
    (tmp_path / "lost.gguf").symlink_to(tmp_path / "nothing")
    (model,) = folders.find([tmp_path]).models
    assert model.problem == "lost.gguf is a link to a file that is gone: download it again."
