import ast
import re
from collections.abc import Iterator
from pathlib import Path

import advisor
from advisor import errors
from advisor.errors import AdvisorError, Cancelled, SettingsError

# A sentence, or a command that ends in what the person has to fill in.
COMPLETE = re.compile(r"[.?]$|: [a-z-]+ .*[A-Z]$")


def leaves(root: type[AdvisorError]) -> list[type[AdvisorError]]:
    below = root.__subclasses__()
    return [root] if not below else [leaf for child in below for leaf in leaves(child)]


def make(leaf: type[AdvisorError]) -> AdvisorError:
    if leaf is Cancelled:
        return Cancelled()
    if leaf is SettingsError:
        return SettingsError("--ctx-size", "0 is not possible.", hint="Choose more.")
    return leaf("It went wrong.", hint="Try again.")


def test_every_leaf_carries_a_sentence_a_hint_a_code_and_an_exit_code_of_the_contract() -> None:
    for leaf in leaves(AdvisorError):
        error = make(leaf)
        assert error.message.endswith(".")
        assert error.hint.endswith(".")
        assert error.code == error.code.lower()
        assert " " not in error.code
        assert error.exit_code in {1, 2, 3, 4, 5, 130}
        assert str(error) == error.message


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = errors.__doc__ or ""

    def check(kind: type[AdvisorError]) -> None:
        line = next(line for line in drawn.splitlines() if f" {kind.__name__} " in f"{line} ")
        if kind is not AdvisorError:
            assert f" {kind.exit_code} " in line, line
        for child in kind.__subclasses__():
            check(child)

    check(AdvisorError)


def test_a_settings_error_names_its_option() -> None:
    error = SettingsError("--ubatch-size", "0 is not possible.", hint="Choose more.")
    assert error.option == "--ubatch-size"
    assert error.message.startswith("--ubatch-size: ")


def made_in_the_program() -> Iterator[tuple[str, ast.Call]]:
    """Every place where a leaf of the tree is made, with where that is."""
    names = {leaf.__name__ for leaf in leaves(AdvisorError)} - {"Cancelled"}
    folder = Path(advisor.__file__).parent
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                yield f"{file.relative_to(folder)}:{node.lineno}", node


def words_of(text: ast.expr) -> str | None:
    """A text as far as it stands in the program, None for one that is made elsewhere."""
    if isinstance(text, ast.Constant):
        return str(text.value)
    if isinstance(text, ast.JoinedStr) and isinstance(text.values[-1], ast.Constant):
        return "".join(str(part.value) for part in text.values if isinstance(part, ast.Constant))
    return None


def test_every_error_that_is_made_is_a_sentence_and_says_what_to_do_next() -> None:
    found = list(made_in_the_program())
    assert len(found) > 100
    for place, call in found:
        hints = [keyword.value for keyword in call.keywords if keyword.arg == "hint"]
        assert hints, place
        said = [words_of(text) for text in (*call.args, *hints)]
        incomplete = [text for text in said[-2:] if text is not None and not COMPLETE.search(text)]
        assert not incomplete, f"{place}: {incomplete}"
