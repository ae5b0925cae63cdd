from pathlib import Path

import pytest

from advisor.errors import OutputError
from advisor.export.export import Export, File
from advisor.export.writing import write_export

EXPORT = Export(
    runtime="ollama",
    files=(File("Modelfile", "FROM größe\r\n"), File("options.json", "{}\n")),
    verified_with="Not run.",
)


def test_what_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(OutputError, match="already there") as caught:
        write_export(EXPORT, tmp_path / "mine")
    assert "--force" in caught.value.hint
    assert (tmp_path / "mine").read_text() == "mine"


def test_nothing_is_written_into_a_folder_where_one_of_the_files_is(tmp_path: Path) -> None:
    (tmp_path / "options.json").write_text("mine")
    with pytest.raises(OutputError, match=r"options\.json"):
        write_export(EXPORT, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["options.json"]


@pytest.mark.parametrize("place", ["absent/Modelfile", "file/Modelfile", "x" * 300])
def test_a_place_that_cannot_be_written_is_one_sentence_and_leaves_nothing(
    place: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match="could not be written") as caught:
        write_export(EXPORT, tmp_path / place)
    assert caught.value.hint.endswith(".")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_file_gets_the_first_text_byte_by_byte(tmp_path: Path) -> None:
    assert write_export(EXPORT, tmp_path / "out") == (tmp_path / "out",)
    assert (tmp_path / "out").read_bytes() == "FROM größe\r\n".encode()
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


def test_a_folder_gets_all_of_them(tmp_path: Path) -> None:
    write_export(EXPORT, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"Modelfile", "options.json"}


def test_with_force_a_file_is_replaced_and_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_export(EXPORT, tmp_path / "link", force=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text().startswith("FROM")
