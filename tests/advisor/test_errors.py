from advisor import errors
from advisor.errors import AdvisorError, Cancelled, SettingsError


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
