import shlex
import string
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import UsageError
from advisor.export.choices import SHELLS, Shell
from advisor.export.quoting import command_line

POWERSHELL_QUOTES = "'\u2018\u2019\u201a\u201b"

# The characters that some shell reads in a way of its own, common ones, and any other.
FREE = st.sampled_from(" \\$`#;'&|^!,=*~{[@+-a7./:\u2018\u2019\u00e4\u6f22\U0001f999")
WORDS = st.lists(
    st.text(FREE) | st.text(FREE | st.sampled_from('%"<>()?]}\n') | st.characters(codec="utf-8")),
    min_size=1,
    max_size=5,
)


def read_by_powershell(line: str) -> list[str]:
    """about_Quoting_Rules: a single-quoted text ends at a quote that is not doubled, nothing else is read."""
    words, word, inside, position = [], "", False, 0
    while position < len(line):
        character = line[position]
        if (
            inside
            and character in POWERSHELL_QUOTES
            and line[position + 1 : position + 2] in [*POWERSHELL_QUOTES]
        ):
            word += line[position + 1]
            position += 1
        elif character in POWERSHELL_QUOTES:
            inside = not inside
        elif character == " " and not inside:
            words.append(word)
            word = ""
        else:
            assert inside or character in string.ascii_letters + string.digits + "-_", line
            word += character
        position += 1
    assert not inside, line
    return [*words, word]


def read_by_cmd(line: str) -> list[str]:
    """cmd leaves alone what stands within quotes, but for %; then CommandLineToArgvW cuts into words."""
    assert "%" not in line
    words, word, inside, position = [], "", False, 0
    while position < len(line):
        backslashes = len(line[position:]) - len(line[position:].lstrip("\\"))
        following = line[position + backslashes : position + backslashes + 1]
        if backslashes:
            if following == '"':
                assert backslashes % 2 == 0, "an escaped quote, which cmd would read as the end"
                backslashes //= 2
                position += backslashes
            word += "\\" * backslashes
            position += backslashes
        elif line[position] == '"':
            inside = not inside
            position += 1
        elif line[position] == " " and not inside:
            words.append(word)
            word = ""
            position += 1
        else:
            assert inside or line[position] not in '&|<>^()@,;=!"', line
            word += line[position]
            position += 1
    assert not inside, line
    return [*words, word]


READERS = {"sh": shlex.split, "powershell": read_by_powershell, "cmd": read_by_cmd}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("word", ["two\nlines", "a\0b", "a\tb", "\x7f", "\x1b[31m", "not unicode \udcff"])
def test_what_no_line_can_carry_is_refused_with_a_reason(shell: Shell, word: str) -> None:
    with pytest.raises(UsageError) as caught:
        command_line(["llama-server", "-m", word], shell)
    assert caught.value.code == "cannot-quote"
    assert caught.value.message.isascii()
    assert caught.value.message.isprintable()
    assert caught.value.hint.endswith(".")


@pytest.mark.parametrize(
    ("shell", "word", "reason"),
    [
        ("cmd", "C:\\100% sure.gguf", "%NAME%"),
        ("cmd", 'a"b', "double quote"),
        ("powershell", 'a"b', "double quotes"),
        ("powershell", "C:\\my models\\", "whole"),
        ("powershell", "", "whole"),
    ],
)
def test_what_one_shell_cannot_carry_is_refused_with_a_reason(shell: Shell, word: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        command_line([word], shell)


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("sh", """llama-server -m '/my models/it'"'"'s $5.gguf' -c 4096 -ts 3,1"""),
        ("powershell", "llama-server -m '/my models/it''s $5.gguf' -c 4096 -ts '3,1'"),
        ("cmd", 'llama-server -m "/my models/it\'s $5.gguf" -c 4096 -ts "3,1"'),
    ],
)
def test_golden_lines(shell: Shell, line: str) -> None:
    words = ["llama-server", "-m", "/my models/it's $5.gguf", "-c", "4096", "-ts", "3,1"]
    assert command_line(words, shell) == line


def may_be_refused(word: str, shell: Shell) -> bool:
    """Only for a reason: anything else must be quoted."""
    if any(ord(character) < 32 or ord(character) == 127 for character in word):
        return True
    if shell == "powershell":
        return '"' in word or not word or (" " in word and word.endswith("\\"))
    return shell == "cmd" and ('"' in word or "%" in word)


@pytest.mark.parametrize(
    ("shell", "word", "line"),
    [
        ("cmd", "C:\\my models\\", '"C:\\my models\\\\"'),
        ("cmd", "C:\\my models", '"C:\\my models"'),
        ("cmd", "", '""'),
        ("powershell", "C:\\models\\", "'C:\\models\\'"),
        ("powershell", "it\u2019s", "'it\u2019\u2019s'"),
        ("sh", "", "''"),
    ],
)
def test_golden_words(shell: Shell, word: str, line: str) -> None:
    assert command_line([word], shell) == line
    assert READERS[shell](line) == [word]


@pytest.mark.parametrize("shell", SHELLS)
@given(words=WORDS)
def test_the_program_receives_exactly_the_words_or_they_are_refused(shell: Shell, words: list[str]) -> None:
    try:
        line = command_line(words, shell)
    except UsageError:
        assert any(may_be_refused(word, shell) for word in words)
        return
    assert READERS[shell](line) == words


@pytest.mark.parametrize(
    "word", ["it's", "a b", "$HOME", "`id`", "#x", "a\\b", '"', "%PATH%", "~", "*", "ä漢", ""]
)
def test_a_real_shell_reads_the_same(word: str) -> None:
    line = command_line(["printf", "%s", word], "sh")
    done = subprocess.run(["sh", "-c", line], capture_output=True, check=True)
    assert done.stdout.decode() == word
