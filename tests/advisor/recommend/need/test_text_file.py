import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import Cancelled, UsageError
from advisor.recommend.need import text_file
from advisor.recommend.need.text_file import Characters, characters_of, inspect_text, pieces
from advisor.units import KiB

PIECE = text_file.PIECE_CHARACTERS


def write(folder: Path, content: bytes) -> Path:
    path = folder / "text.txt"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF"),
        (b"PK\x03\x04 word/document.xml", "packed document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office document"),
        (b"{\\rtf1\\ansi", "RTF"),
        (b"GGUF\x03\x00\x00\x00", "GGUF"),
        (b"\x7fELF\x02\x01\x00\x00", "not a text file"),
        ("no mark".encode("utf-16-le"), "not a text file"),
    ],
)
def test_what_is_no_text_is_refused_with_a_way_out(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        inspect_text(write(tmp_path, content))
    assert caught.value.code == "prompt-not-text"
    assert "--pages" in caught.value.hint


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.txt", Path("a\0b"), Path("/dev/zero")):
        with pytest.raises(UsageError) as caught:
            inspect_text(path)
        assert caught.value.code == "prompt-unreadable"


def test_what_no_context_holds_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.truncate(text_file.MAX_FILE_BYTES + 1)
    with pytest.raises(UsageError, match="no context") as caught:
        inspect_text(path)
    assert caught.value.code == "prompt-too-large"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"", "utf-8"),
        (b"plain", "utf-8"),
        ("Grüße, 模型".encode(), "utf-8"),
        (codecs.BOM_UTF8 + "Grüße".encode(), "utf-8-sig"),
        (codecs.BOM_UTF16_LE + "Grüße".encode("utf-16-le"), "utf-16"),
        (codecs.BOM_UTF16_BE + "Grüße".encode("utf-16-be"), "utf-16"),
        (codecs.BOM_UTF32_LE + "Grüße".encode("utf-32-le"), "utf-32"),
        ("Grüße aus Köln".encode("latin-1"), "latin-1"),
        (("Grüße aus Köln. " * 20000).encode("latin-1"), "latin-1"),
        ("模型模型模型".encode() + b"\xe6", "utf-8"),  # cut in its last character
    ],
)
def test_the_encoding_is_found(tmp_path: Path, content: bytes, encoding: str) -> None:
    text = inspect_text(write(tmp_path, content))
    assert text.encoding == encoding
    whole = "".join(pieces(text))
    assert whole == content.decode(encoding, "replace")
    assert text.characters == characters_of(whole)


def test_characters_are_told_apart() -> None:
    found = characters_of("It is 1, ok?\n\té Ж 模型 한 😀 \ufffd")
    assert found == Characters(plain=16, signs=3, accented=2, other=5)
    assert found.total == 26
    assert characters_of("") == Characters()


@given(st.text())
def test_every_character_is_of_one_kind(text: str) -> None:
    assert characters_of(text).total == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "word " * 60_000,
        "line of words\n" * 20_000,
        "x" * 200_000,
        "模" * 150_000,
        " " * 150_000,
        "\r\n" * 90_000,
        "a" * PIECE,
        "a" * (PIECE + 1),
    ],
)
def test_pieces_are_bounded_and_lose_nothing(tmp_path: Path, text: str) -> None:
    parts = list(pieces(inspect_text(write(tmp_path, text.encode()))))
    assert "".join(parts) == text
    assert all(0 < len(part) <= PIECE for part in parts)


def test_a_cut_is_after_a_line_or_before_a_space(tmp_path: Path) -> None:
    lines = list(pieces(inspect_text(write(tmp_path, b"line of words\n" * 20_000))))
    assert len(lines) > 3
    assert all(part.endswith("\n") for part in lines)
    words = list(pieces(inspect_text(write(tmp_path, b"word " * 60_000))))
    assert len(words) > 3
    assert all(part.startswith(" word") for part in words[1:])


def test_a_file_that_goes_between_the_readings_is_an_error(tmp_path: Path) -> None:
    text = inspect_text(write(tmp_path, b"here"))
    text.path.unlink()
    with pytest.raises(UsageError) as caught:
        list(pieces(text))
    assert caught.value.code == "prompt-unreadable"


def test_reading_can_be_stopped(tmp_path: Path) -> None:
    calls = []

    def go_on() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise Cancelled

    path = write(tmp_path, b"word " * (512 * KiB))
    with pytest.raises(Cancelled):
        inspect_text(path, go_on)
    assert len(calls) == 3
