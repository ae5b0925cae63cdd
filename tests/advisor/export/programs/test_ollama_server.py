"""Variables for a service, an app, Windows and Docker: each is read back as what was meant, or refused."""

from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import UsageError
from advisor.export.programs.ollama_server import how_to_set, systemd_drop_in

VALUES = st.text(st.sampled_from(" \"'#:;%$`\\=&|^!ä漢\u2019\U0001f999") | st.characters(codec="utf-8"))
# systemd.syntax(7): the escapes that quotes do not take away.
_ESCAPES = {"\\": "\\", '"': '"', "s": " ", "n": "\n", "t": "\t"}


def read_by_systemd(line: str) -> tuple[str, str]:
    """systemd.exec(5): one assignment in double quotes, with C escapes and %% for a percent sign."""
    key, _, rest = line.partition("=")
    assert (key, rest[:1], rest[-1:]) == ("Environment", '"', '"')
    inside, found, position = rest[1:-1], "", 0
    while position < len(inside):
        character, following = inside[position], inside[position + 1 : position + 2]
        assert character != '"'
        if character == "%":
            assert following == "%"
            found += "%"
            position += 2
        elif character == "\\":
            found += _ESCAPES[following]
            position += 2
        else:
            found += character
            position += 1
    name, _, value = found.partition("=")
    return name, value


def read_by_cmd(word: str) -> str:
    """One word within quotes, in which backslashes before the closing one count twice."""
    inside = re.fullmatch(r'"(?P<it>[^"]*)"', word)
    if not inside:
        return word
    backslashes = len(inside["it"]) - len(inside["it"].rstrip("\\"))
    return inside["it"][: len(inside["it"]) - backslashes // 2]


@pytest.mark.parametrize("value", ["two\nlines", "\0", "\x7f", "\udcff"])
def test_what_no_line_can_carry_is_refused(value: str) -> None:
    for write in (lambda: systemd_drop_in({"A": value}, "x"), lambda: list(how_to_set({"A": value}))):
        with pytest.raises(UsageError) as caught:
            write()
        assert caught.value.code == "cannot-quote"


@given(value=VALUES)
def test_systemd_reads_what_was_meant(value: str) -> None:
    try:
        text = systemd_drop_in({"NAME": value}, "For a test.")
    except UsageError:
        assert any(ord(character) < 32 or ord(character) == 127 for character in value)
        return
    assert [read_by_systemd(line) for line in text.split("\n")[2:-1]] == [("NAME", value)]


@given(value=VALUES)
def test_every_other_way_reads_what_was_meant(value: str) -> None:
    try:
        _, macos, windows, docker, by_hand = how_to_set({"NAME": value})
    except UsageError:
        # cmd has no way for these two.
        assert any(ord(character) < 32 or character in '"%\x7f' for character in value)
        return
    command = macos.removeprefix("macOS app: ").rpartition(" (until")[0]
    assert shlex.split(command) == ["launchctl", "setenv", "NAME", value]
    command = windows.removeprefix("Windows: ").rpartition(" (in cmd)")[0]
    assert read_by_cmd(command.removeprefix("setx NAME ")) == value
    command = docker.removeprefix("Docker: ").rpartition(" ... ")[0]
    assert shlex.split(command) == ["docker", "run", "-e", f"NAME={value}"]
    command = by_hand.partition(": ")[2]
    assert shlex.split(command) == [f"NAME={value}", "ollama", "serve"]
