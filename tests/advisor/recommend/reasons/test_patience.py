"""A patience that was said for this answer is answered; a goal's own only where it decides something."""

from dataclasses import replace

import pytest

from advisor.basis import Note
from advisor.hardware.device import Hardware
from advisor.model.facts import Role, Weight
from advisor.recommend.advise import advise
from advisor.recommend.result import Goal, Patience
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support.planning import LinearPlanner, a_model, gpu, ram

FAST, SLOW = 504_000_000_000, 40_000_000_000
HURRIED = Patience(0.001, 1)
WEIGHTS = tuple(
    Weight(f"blk.{i}.attn_q.weight", Role.LAYER, i, (8000, 10_000), 1, 128_000_000) for i in range(32)
)


def notes(
    patience: Patience, *, bandwidth: int | None, prefill: int | None, n_bytes: int = 24 * GiB
) -> list[Note]:
    card = replace(
        gpu(n_bytes),
        bandwidth_bytes_per_second=bandwidth,
        prefill_flops_per_second=prefill and (prefill, prefill),
    )
    facts, hardware = replace(a_model(), weights=WEIGHTS), Hardware((card, ram(24 * GiB)))
    goal = Goal("longest", "Longest", "", None, 1, ("f16",), patience)
    found = advise(facts, hardware, goal, Request(gpu_only=True), LinearPlanner(facts, hardware))
    codes = {"slow", "comfortable"}
    return [it for it in found.reasons if it.code in codes or it.code.startswith("patience")]


@pytest.mark.parametrize("is_said", [False, True])
def test_where_nothing_fits_nobody_waits(*, is_said: bool) -> None:
    patience = Patience(30, 5, is_said=is_said)
    assert notes(patience, bandwidth=FAST, prefill=10**13, n_bytes=GiB) == []


@pytest.mark.parametrize("is_said", [False, True])
def test_where_the_speed_is_not_known(*, is_said: bool) -> None:
    found = notes(Patience(30, 5, is_said=is_said), bandwidth=None, prefill=None)
    assert [it.code for it in found] == (["patience-unknown"] if is_said else [])
    if is_said:
        assert "your 30 s and 5 tokens/s do not lower the context" in found[0].text
        assert dict(found[0].values) == {"seconds_to_first_token": 30, "tokens_per_second": 5}


@pytest.mark.parametrize("is_said", [False, True])
def test_where_it_is_met(*, is_said: bool) -> None:
    found = notes(Patience(300, 5, is_said=is_said), bandwidth=FAST, prefill=10**13)
    assert [it.code for it in found] == (["patience-met"] if is_said else [])
    if is_said:
        assert found[0].text == "Even 32,768 tokens are fast enough for your 5 min and 5 tokens/s."


@pytest.mark.parametrize("is_said", [False, True])
def test_where_reading_a_prompt_is_not_known_only_writing_counts(*, is_said: bool) -> None:
    found = notes(replace(HURRIED, is_said=is_said), bandwidth=FAST, prefill=None)
    assert [it.code for it in found] == (["patience-met", "patience-reading-unknown"] if is_said else [])


@pytest.mark.parametrize(("is_said", "who"), [(False, "this goal wants 50"), (True, "you want 50")])
def test_whose_patience_it_is(*, is_said: bool, who: str) -> None:
    (note,) = notes(Patience(30, 50, is_said=is_said), bandwidth=SLOW, prefill=10**13)
    assert note.code == "slow"
    assert who in note.text
    (note,) = notes(Patience(1e-9, 1, is_said=is_said), bandwidth=FAST, prefill=10**13)
    assert ("you wait" if is_said else "this goal waits") in note.text
