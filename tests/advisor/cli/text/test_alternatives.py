"""The choices on the page: the recommended one is marked, and those that hold less are left out."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

from rich.console import Console

from advisor.cli.text.alternatives import main_choices, print_alternatives
from advisor.hardware.device import Hardware
from advisor.recommend.advise import advise
from advisor.recommend.result import Alternative, Goal, Recommendation
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support.planning import LinearPlanner, a_model, gpu, ram


def answer(usable: int, *types: str, gpus: bool = False) -> Recommendation:
    devices = (gpu(usable), ram(64 * GiB)) if gpus else (ram(usable),)
    facts, hardware = a_model(), Hardware(devices)
    goal = Goal("chat", "Chat", "", 8192, 1, types)
    return advise(facts, hardware, goal, Request(), LinearPlanner(facts, hardware))


def names(rows: tuple[Alternative, ...]) -> list[str]:
    return ["/".join(row.cache_types) for row in rows]


def said(found: Recommendation) -> list[str]:
    out = StringIO()
    print_alternatives(Console(width=160, file=out), found, main_choices(found))
    return out.getvalue().splitlines()


def test_where_nothing_fits_one_row_says_so() -> None:
    found = answer(2 * GiB, "f16")
    assert main_choices(found) == found.alternatives[:1]
    assert not any(line.startswith(">") for line in said(found))
    near = found.alternatives[-1]
    assert main_choices(replace(found, nearest=near)) == (near,)


def test_what_holds_no_more_is_left_out() -> None:
    found = answer(60 * GiB, "f16")  # all of them hold the training context
    assert len(found.alternatives) > 2
    assert names(main_choices(found)) == ["f16/f16"]


def test_what_holds_more_or_is_more_precise_stays_and_ours_is_marked() -> None:
    found = answer(5 * GiB, "q8_0")
    assert names(main_choices(found)) == ["f16/f16", "q8_0/q8_0", "q8_0/q4_0", "q4_0/q4_0"]
    marked = [line for line in said(found) if line.startswith("> ")]
    assert len(marked) == 1
    assert marked[0].startswith("> q8_0/q8_0")


def test_there_are_few_and_ours_is_always_one_of_them() -> None:
    found = answer(5 * GiB, "q4_0")
    more = (*found.alternatives[:2] * 6, *found.alternatives)
    chosen = main_choices(replace(found, alternatives=more))
    assert "q4_0/q4_0" in names(chosen)
    assert len({id(row) for row in chosen}) <= 5


def test_all_layers_on_the_gpu_is_said_where_nothing_else_is() -> None:
    lines = said(answer(20 * GiB, "f16", gpus=True))
    assert "all layers on the GPU" in next(line for line in lines if line.startswith(">"))
    found = answer(5 * GiB, "f16", gpus=True)
    row = found.alternatives[1]
    row = replace(row, settings=replace(row.settings, n_gpu_layers=99, offload_kqv=False), n_ctx_max=10**6)
    in_ram = next(line for line in said(replace(found, alternatives=(row,))) if "KV cache in the RAM" in line)
    assert "all layers" not in in_ram
