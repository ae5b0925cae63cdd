"""When a smaller cache type is said to be worth nothing."""

from dataclasses import replace

from advisor.hardware.device import Hardware
from advisor.memory.plan import MemoryPlan
from advisor.model.build import facts as read_facts
from advisor.model.facts import ModelFacts
from advisor.model.presets import preset_header
from advisor.recommend.advise import advise
from advisor.recommend.planner import Planner
from advisor.recommend.planning import Planning
from advisor.recommend.reasons import quantizing_reasons
from advisor.recommend.result import Goal
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support.planning import LinearPlanner, a_model, ram

CHAT = Goal("chat", "Chat", "", 16384, 1, ("f16", "q8_0"))
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


def little(facts: ModelFacts, planner: Planning, n_ctx: int, request: Request | None = None) -> list[str]:
    return [note.text for note in quantizing_reasons(request or Request(), facts, planner, n_ctx)]


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
