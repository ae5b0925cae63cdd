"""The programs that an export is offered for: each once, in groups, and in the window's own words."""

from __future__ import annotations

import pytest

from advisor.errors import AdvisorError, UsageError
from advisor.export.choices import TARGETS
from ui.export.programs import MAIN, address_of, groups, in_the_window, what_to_do


def test_a_runtime_that_is_none_of_them_leaves_its_group_empty() -> None:
    (_, own), (_, main), (_, more) = groups("no such runtime")
    assert own == ()
    assert main == MAIN
    assert {*main, *more} == TARGETS.keys()


@pytest.mark.parametrize("own", ["ollama", "llama-cpp-python", "jan"])
def test_each_is_there_once_and_the_own_one_first(own: str) -> None:
    names = [name for _, programs in groups(own) for name in programs]
    assert names[0] == own
    assert sorted(names) == sorted(TARGETS)


def test_only_what_can_be_asked_has_an_address() -> None:
    assert address_of("ollama") == address_of("continue") == "http://127.0.0.1:11434"
    assert address_of("llama-server") == address_of("ramalama") == "http://127.0.0.1:8080"
    assert {address_of(name) for name in ("vllm", "llama-cpp-python", "jan", "koboldcpp")} == {""}


def test_the_command_lines_options_are_not_the_windows() -> None:
    assert in_the_window("Export for them, too: --to continue, --to open-webui.") == (
        "Export for them, too: Continue, Open WebUI."
    )
    assert (
        in_the_window("num_gpu: --flavour adjustable omits it.")
        == "num_gpu: the adjustable flavour omits it."
    )
    assert in_the_window("--check: it is not here.") == "it is not here."
    assert in_the_window("-ngl 33 --fit off") == "-ngl 33 --fit off"


def test_a_hint_says_what_can_be_done_here() -> None:
    error = AdvisorError("Nothing answers.", hint="Give its address: --check http://...", code="no-server")
    assert "--check" not in what_to_do(error)
    assert what_to_do(UsageError("x", hint="Rename it.")) == "Rename it."
