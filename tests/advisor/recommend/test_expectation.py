"""What is expected of the next answer after some, and that expectations change no answer."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.basis import Basis, Note
from advisor.engine.client import EngineClient
from advisor.engine.deaths import DEVICE_LIMIT
from advisor.engine.dry_run import DryRun
from advisor.errors import EngineDied
from advisor.hardware.device import Hardware
from advisor.memory.assemble import targets
from advisor.memory.formula import Formula
from advisor.memory.kv_cache import largest_tensor_bytes
from advisor.memory.plan import MemoryPlan, Verdict
from advisor.model.build import facts as read_facts
from advisor.model.facts import ModelFacts
from advisor.model.presets import preset_header
from advisor.recommend import planner as planner_module
from advisor.recommend.advise import advise
from advisor.recommend.expectation import Expectation, expecting
from advisor.recommend.goals import goal_named
from advisor.recommend.planner import Planner
from advisor.recommend.row import largest_row
from advisor.recommend.search import context_range
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.resolve import asked_n_ctx, resolve
from advisor.units import GiB, MiB
from tests.support.planning import LinearPlanner, a_model, gpu, ram

CARD = Hardware((gpu(6 * GiB), ram(32 * GiB)))
ON_GPU = LoadSettings(n_ctx=8192, n_gpu_layers=33)
Answer = Callable[[MemoryPlan], MemoryPlan]


class Engine(LinearPlanner):
    """Answers with so much more on the GPU than the estimate, by context."""

    def __init__(self, more: Callable[[LoadSettings], int], hardware: Hardware = CARD) -> None:
        super().__init__(a_model(131072), hardware)
        self._more = more

    def plan(self, settings: LoadSettings) -> MemoryPlan:
        plan = super().plan(settings)
        first, *rest = plan.memory
        return replace(
            plan, memory=(replace(first, overhead_bytes=first.overhead_bytes + self._more(settings)), *rest)
        )


def expectation(more: Callable[[LoadSettings], int]) -> Expectation:
    return Expectation(a_model(131072), Engine(more))


def room_bytes(more: Callable[[LoadSettings], int], settings: LoadSettings) -> int:
    """What is left by the answer itself."""
    line = Engine(more).plan(settings).memory[0]
    return line.usable_bytes - line.total_bytes


def test_before_the_first_answer_it_is_the_estimate() -> None:
    assert expectation(lambda _: GiB).room_bytes(ON_GPU) == room_bytes(lambda _: 0, ON_GPU)


def test_what_one_answer_is_off_by_is_expected_of_the_next() -> None:
    answers = expectation(lambda _: 300 * MiB)
    answers.plan(ON_GPU)
    for other in (
        ON_GPU.with_n_ctx(16384),
        replace(ON_GPU, cache_type_k="q8_0", cache_type_v="q8_0"),
        replace(ON_GPU, n_gpu_layers=20),
    ):
        assert answers.room_bytes(other) == room_bytes(lambda _: 300 * MiB, other)


@pytest.mark.parametrize("name", ["n_ctx", "n_gpu_layers"])
def test_two_answers_are_a_line(name: str) -> None:
    def more(settings: LoadSettings) -> int:
        return 1024 * int(getattr(settings, name))

    answers = expectation(more)
    first, second, third = (
        replace(ON_GPU, **{name: n}) for n in ((8192, 12288, 16384), (33, 30, 20))[name != "n_ctx"]
    )
    answers.plan(first)
    answers.plan(second)
    assert answers.room_bytes(third) == room_bytes(more, third)
    assert answers.gpu_room_bytes(third) == room_bytes(more, third)


def test_a_load_is_asked_for_once() -> None:
    engine = Engine(lambda _: 0)
    answers = Expectation(a_model(131072), engine)
    assert answers.plan(ON_GPU) is answers.plan(ON_GPU)
    assert engine.asked == [ON_GPU]
    assert expecting(a_model(131072), answers) is answers
    assert expecting(a_model(131072), engine) is not answers


def test_what_is_far_too_large_is_not_worth_a_question() -> None:
    answers = expectation(lambda _: 0)
    assert not answers.is_hopeless(ON_GPU)
    last = next(n for n in range(256, 131072, 256) if answers.room_bytes(ON_GPU.with_n_ctx(n)) < 0)
    assert not answers.is_hopeless(ON_GPU.with_n_ctx(last))
    assert answers.is_hopeless(ON_GPU.with_n_ctx(131072))


def test_where_nobody_knows_what_is_free_nothing_is_expected_to_fit() -> None:
    class Unknown(LinearPlanner):
        def estimate(self, settings: LoadSettings) -> MemoryPlan:
            return replace(super().estimate(settings), verdict=Verdict.UNKNOWN)

    assert Expectation(a_model(), Unknown(a_model(), CARD)).room_bytes(ON_GPU) < 0


class LimitedEngine(LinearPlanner):
    """Takes no K or V tensor above a size."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(a_model(131072), Hardware((gpu(64 * GiB), ram(64 * GiB))))
        self._limit_bytes = limit_bytes

    def plan(self, settings: LoadSettings) -> MemoryPlan:
        plan = super().plan(settings)
        if largest_tensor_bytes(self._facts, settings) <= self._limit_bytes or not settings.offload_kqv:
            return plan
        note = Note(DEVICE_LIMIT, "It cannot.")
        return replace(plan, verdict=Verdict.DOES_NOT_FIT, notes=(note,), basis=Basis.FORMULA)


def test_a_limit_is_expected_at_a_power_of_two_until_that_is_known_better() -> None:
    answers = Expectation(a_model(131072), LimitedEngine(100 * MiB))
    # 2,048 bytes a token: 131,072 tokens are 256 MiB.
    answers.plan(ON_GPU.with_n_ctx(131072))
    assert answers.room_bytes(ON_GPU.with_n_ctx(65536)) == 0
    assert answers.room_bytes(ON_GPU.with_n_ctx(65792)) < 0
    assert answers.room_bytes(replace(ON_GPU, n_ctx=131072, n_gpu_layers=0)) > 0
    answers.plan(ON_GPU.with_n_ctx(65536))
    assert answers.room_bytes(ON_GPU.with_n_ctx(32768)) == 0
    answers.plan(ON_GPU.with_n_ctx(32768))
    answers.plan(ON_GPU.with_n_ctx(33024))
    # Between 64.5 and 128 MiB there is no power: the middle.
    assert answers.room_bytes(ON_GPU.with_n_ctx(49152)) > 0
    assert answers.room_bytes(ON_GPU.with_n_ctx(49408)) < 0


@given(
    name=st.sampled_from(("llama-3.1-8b", "gemma-3-12b")),
    limit_mib=st.sampled_from((64, 100, 128, 200, 256, 1024)),
    card_gib=st.sampled_from((6, 12, 24)),
    percent=st.integers(-15, 15),
)
@settings(max_examples=12, deadline=None)
def test_rows_are_right_by_the_engine_and_cost_few_questions_and_fewer_deaths(
    name: str, limit_mib: int, card_gib: int, percent: int
) -> None:
    facts = read_facts(preset_header(name))
    card = replace(gpu(card_gib * GiB), backend="Vulkan", engine_device="Vulkan0")
    hardware = Hardware((card, ram(32 * GiB)))
    formula = Formula(facts, targets(hardware))
    asked: list[bool] = []

    def dry_run(
        client: EngineClient, facts: ModelFacts, load: LoadSettings, devices: tuple[str, ...] | None
    ) -> DryRun:
        buffers = formula.buffers(load)
        is_beyond = buffers[0].kv_cache_bytes and largest_tensor_bytes(facts, load) > limit_mib * MiB
        asked.append(not is_beyond)
        if is_beyond:
            raise EngineDied("Vulkan0 cannot.", hint="Ask for less.", code=DEVICE_LIMIT)
        off = tuple(replace(b, compute_bytes=b.compute_bytes * (100 + percent) // 100) for b in buffers)
        return DryRun(off, Basis.ENGINE, load.n_ctx, "on")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planner_module, "dry_run", dry_run)
        answer = advise(
            facts, hardware, goal_named("chat"), Request(), Planner(facts, hardware, EngineClient())
        )
        n_asked, n_deaths = len(asked), asked.count(False)
        for row in answer.alternatives:
            assert row.request is not None
            span = context_range(row.request, facts)
            largest = asked_n_ctx(row.request, row.settings) if row.n_ctx_max else 0
            engine = Planner(facts, hardware, EngineClient())  # asked anew, with nothing learned
            assert not largest or engine.plan(row.settings).fits
            anew = Planner(facts, hardware, EngineClient())
            assert (
                largest == span.highest
                or not anew.plan(resolve(row.request, facts, largest + span.step)).fits
            )
    assert n_asked <= 3 * len(answer.alternatives) + 12
    assert n_deaths <= 10


def test_what_was_taken_for_hopeless_is_asked_for_all_the_same() -> None:
    class Light(LinearPlanner):
        """Answers with a fifth of the estimate: an engine of which the formula knows nothing."""

        def plan(self, settings: LoadSettings) -> MemoryPlan:
            self.asked.append(settings)
            first, *rest = self.estimate(settings).memory
            n_bytes = first.buffers.kv_cache_bytes // 5
            light = replace(first, buffers=replace(first.buffers, kv_cache_bytes=n_bytes))
            fits = light.total_bytes <= light.usable_bytes
            verdict = Verdict.FITS if fits else Verdict.DOES_NOT_FIT
            return replace(self.estimate(settings), memory=(light, *rest), verdict=verdict)

    facts = a_model(131072)
    for runtime in ("ollama", "llama-server"):
        planner = Light(facts, Hardware((ram(7 * GiB),)))
        row = largest_row(Request(runtime=runtime), facts, planner)
        assert row.n_ctx_max > 32768
        assert planner.plan(row.settings).fits
        assert not planner.plan(resolve(Request(runtime=runtime), facts, row.n_ctx_max + 256)).fits
