"""The words of the reasons, and their values for machines."""

from dataclasses import replace

import pytest

from advisor.basis import Basis
from advisor.hardware.device import Hardware
from advisor.memory.plan import MemoryPlan
from advisor.model.build import facts as read_facts
from advisor.model.facts import ModelFacts
from advisor.model.presets import preset_header
from advisor.recommend.advise import advise
from advisor.recommend.planner import Planner
from advisor.recommend.reasons import quantizing_reasons, reasons, slot_reasons
from advisor.recommend.result import DecodeSpeed, Goal, Recommendation, Speed
from advisor.recommend.rows import Planning, largest_row
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.units import GiB, MiB
from tests.support.planning import LinearPlanner, a_model, gpu, ram

CHAT = Goal("chat", "Chat", "", 16384, 1, ("f16", "q8_0"))
TEAM = Goal("several-users", "Team", "", 8192, 4, ("f16",))
COMPUTER = Hardware((ram(16 * GiB),))


class ScratchPlanner(LinearPlanner):
    """Unpacks a quantized cache for its work, in more memory than the quantizing saves."""

    def estimate(self, settings: LoadSettings) -> MemoryPlan:
        plan = super().estimate(settings)
        if settings.cache_type_k == "f16":
            return plan
        first, *rest = plan.memory
        scratch = replace(first.buffers, compute_bytes=first.buffers.compute_bytes + 64 * GiB)
        return replace(plan, memory=(replace(first, buffers=scratch), *rest))


def answer(usable: int, goal: Goal = CHAT, *, on_gpu: int | None = None) -> Recommendation:
    facts = a_model()
    hardware = Hardware((ram(usable),) if on_gpu is None else (gpu(on_gpu), ram(usable)))
    return advise(facts, hardware, goal, Request(), LinearPlanner(facts, hardware))


def values(found: Recommendation, code: str) -> dict[str, object]:
    return dict(next(reason.values for reason in found.reasons if reason.code == code))


def little(facts: ModelFacts, planner: Planning, n_ctx: int, request: Request | None = None) -> list[str]:
    return [note.text for note in quantizing_reasons(request or Request(), facts, planner, n_ctx)]


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
    found = reasons(moved, (moved,), facts, at_training_context=True, holds_wish=True)
    text = next(note.text for note in found if note.code == "layers")
    assert text == (
        "All 33 layers are on the GPU; the experts of the first 5 stay on the CPU; "
        "the KV cache is in the RAM."
    )


def test_a_small_cache_is_not_worth_quantizing() -> None:
    # 256 tokens are 32 MiB of 4.3 GiB; at 16,384 they are 2 GiB of 6.3.
    facts = a_model()
    planner = LinearPlanner(facts, COMPUTER)
    assert little(facts, planner, 256) == [
        "Quantizing the KV cache buys little here: at 256 tokens q4_0 saves 23.0 MiB of 4.3 GiB."
    ]
    assert little(facts, planner, 16384) == []


def test_scratch_memory_may_eat_the_saving() -> None:
    facts = a_model()
    found = quantizing_reasons(Request(), facts, ScratchPlanner(facts, COMPUTER), 16384)
    assert [note.code for note in found] == ["quantizing-buys-little"]
    assert "buys nothing here" in found[0].text
    saved = found[0].values["saved_bytes"]
    assert isinstance(saved, int)
    assert saved < 0


def test_a_quantized_cache_is_not_judged_again() -> None:
    facts = a_model()
    asked = Request(cache_type_k="q8_0", cache_type_v="q8_0")
    assert little(facts, LinearPlanner(facts, COMPUTER), 256, asked) == []


def test_a_model_without_a_cache_says_so() -> None:
    facts = read_facts(preset_header("mamba2-2.7b"))
    planner = Planner(facts, COMPUTER)
    found = advise(facts, COMPUTER, CHAT, Request(), planner)
    codes = [reason.code for reason in found.reasons]
    assert "no-cache" in codes
    assert "cache-type" not in codes


def test_each_of_several_users_gets_a_share() -> None:
    found = values(answer(16 * GiB, TEAM), "users")
    assert found == {
        "users": 4,
        "n_ctx_per_user": 8192,
        "cache_bytes": 4 * GiB,
        "cache_bytes_per_user": GiB,
    }


@pytest.mark.parametrize(
    ("unified", "said"),
    [
        (False, "4 users: each gets 4,096 tokens in 512.0 MiB of cache of their own; with all at work"),
        (True, "4 users share 16,384 tokens and 2.0 GiB of cache; one alone gets about 20 to 35 tokens/s"),
    ],
)
def test_the_share_of_memory_and_speed_is_said(*, unified: bool, said: str) -> None:
    facts = a_model()
    settings = LoadSettings(n_ctx=16384, n_seq_max=4, kv_unified=unified)
    speed = Speed(None, (DecodeSpeed(0, 50, 80), DecodeSpeed(4096, 20, 35)), None, Basis.ASSUMED)
    (note,) = slot_reasons(LinearPlanner(facts, COMPUTER).estimate(settings), speed)
    assert note.text.startswith(said)
    assert note.values["tokens_per_second"] == 20
    assert note.values["cache_bytes"] == 2048 * MiB


def test_one_user_needs_no_such_words() -> None:
    facts = a_model()
    plan = LinearPlanner(facts, COMPUTER).estimate(LoadSettings(n_ctx=4096))
    assert slot_reasons(plan, Speed(None, (), None, Basis.ASSUMED)) == ()
