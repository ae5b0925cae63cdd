"""What bounds the context, in words and in values for machines."""

from dataclasses import replace

import pytest

from advisor.hardware.device import Hardware
from advisor.recommend.advise import advise
from advisor.recommend.reasons import bound_reasons
from advisor.recommend.result import Goal, Recommendation
from advisor.recommend.row import largest_row
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support.planning import LinearPlanner, a_model, gpu, ram

CHAT = Goal("chat", "Chat", "", 16384, 1, ("f16", "q8_0"))


def answer(usable: int, goal: Goal = CHAT, *, on_gpu: int | None = None) -> Recommendation:
    facts = a_model()
    hardware = Hardware((ram(usable),) if on_gpu is None else (gpu(on_gpu), ram(usable)))
    return advise(facts, hardware, goal, Request(), LinearPlanner(facts, hardware))


def values(found: Recommendation, code: str) -> dict[str, object]:
    return dict(next(reason.values for reason in found.reasons if reason.code == code))


def test_what_does_not_fit_says_by_how_much() -> None:
    found = values(answer(2 * GiB), "does-not-fit")
    assert found["device"] == "CPU"
    assert found["n_ctx"] == 256
    assert isinstance(found["total_bytes"], int)
    assert found["total_bytes"] > 4 * GiB
    assert found["usable_bytes"] == 2 * GiB


def test_the_figures_of_each_sentence_are_its_values() -> None:
    bound = answer(5 * GiB + GiB // 2)
    assert values(bound, "memory")["n_ctx"] == bound.n_ctx_safe == 19200
    assert values(bound, "cache-type") == {"cache_type_k": "q8_0", "cache_type_v": "q8_0", "holds": "wish"}
    assert values(answer(16 * GiB), "training-context") == {"n_ctx_train": 32768}
    on_gpu = values(answer(32 * GiB, on_gpu=16 * GiB), "layers")
    assert (on_gpu["n_gpu_layers"], on_gpu["layers"]) == (33, 33)


def test_what_lies_in_the_ram_is_said_of_the_layers() -> None:
    facts, hardware = a_model(), Hardware((gpu(16 * GiB), ram(32 * GiB)))
    row = largest_row(Request(), facts, LinearPlanner(facts, hardware))
    moved = replace(row, settings=replace(row.settings, n_cpu_moe=5, offload_kqv=False))
    found = bound_reasons(moved, (moved,), facts, at_training_context=True, holds_wish=True)
    text = next(note.text for note in found if note.code == "layers")
    assert text == (
        "All 33 layers are on the GPU; the experts of the first 5 stay on the CPU; "
        "the KV cache is in the RAM."
    )


@pytest.mark.parametrize(
    ("usable", "goal", "said"),
    [
        (16 * GiB, CHAT, "With an f16 KV cache there is room for what this goal wants."),
        (
            5 * GiB,
            replace(CHAT, n_ctx=32768),
            "Of the KV cache types that this goal accepts, q8_0 holds the most.",
        ),
        (5 * GiB, replace(CHAT, n_ctx=32768, cache_types=("q4_0",)), "A q4_0 KV cache holds the most here."),
    ],
)
def test_why_this_cache_type(usable: int, goal: Goal, said: str) -> None:
    found = answer(usable, goal)
    assert next(reason.text for reason in found.reasons if reason.code == "cache-type") == said
