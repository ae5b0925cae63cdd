"""Which row is recommended, with real plans by formula for models of the table on made-up computers."""

from dataclasses import replace

import pytest

from advisor.hardware.device import Hardware
from advisor.hardware.what_if import what_if
from advisor.memory.plan import MemoryPlan, Verdict
from advisor.model.build import facts as read_facts
from advisor.model.facts import ModelFacts
from advisor.model.presets import preset_header
from advisor.recommend.advise import advise
from advisor.recommend.goals import goal_named
from advisor.recommend.gpu_placement import gpu_placements
from advisor.recommend.places import places
from advisor.recommend.planner import Planner
from advisor.recommend.result import Recommendation
from advisor.recommend.row import largest_row
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support.planning import ram

CARDS = ("GeForce RTX 3090", "GeForce RTX 3060 12GB")


@pytest.fixture(scope="module")
def models() -> dict[str, ModelFacts]:
    names = ("llama-3.1-8b", "llama-3.1-70b", "qwen3-30b-a3b", "qwen3-next-80b-a3b", "gemma-3-12b")
    return {name: read_facts(preset_header(name)) for name in names}


def computer(*gpus: str, ram_gib: int = 64) -> Hardware:
    return what_if(Hardware((ram(GiB),)), gpus=gpus, ram_bytes=ram_gib * GiB)


def answer(
    facts: ModelFacts, hardware: Hardware, goal: str = "chat", request: Request | None = None
) -> Recommendation:
    return advise(facts, hardware, goal_named(goal), request or Request(), Planner(facts, hardware))


def codes(found: Recommendation) -> list[str]:
    return [reason.code for reason in found.reasons]


def test_experts_are_moved_before_layers(models: dict[str, ModelFacts]) -> None:
    facts = models["qwen3-30b-a3b"]
    found = answer(facts, computer("GeForce RTX 4070"))
    assert (found.n_ctx, found.settings.n_gpu_layers) == (16384, facts.all_gpu_layers)
    assert 0 < found.settings.n_cpu_moe < facts.n_layer_all
    assert "on-cpu" in codes(found)
    planner = Planner(facts, found.hardware)
    fewer = largest_row(Request(n_cpu_moe=found.settings.n_cpu_moe - 1), facts, planner)
    assert fewer.n_ctx_max < 16384 <= found.n_ctx_safe  # no fewer would have done


def test_a_runtime_without_a_word_for_experts_moves_layers(models: dict[str, ModelFacts]) -> None:
    found = answer(models["qwen3-30b-a3b"], computer("GeForce RTX 4070"), request=Request(runtime="ollama"))
    assert found.settings.n_cpu_moe == 0
    assert 0 < found.settings.n_gpu_layers < found.model.all_gpu_layers


def test_gpu_only_puts_nothing_on_the_cpu_and_says_what_would_fit(models: dict[str, ModelFacts]) -> None:
    found = answer(models["qwen3-30b-a3b"], computer("GeForce RTX 4070"), request=Request(gpu_only=True))
    assert found.n_ctx == 0
    assert all(
        row.settings.n_cpu_moe == 0 and row.settings.offload_kqv and row.n_ctx_max == 0
        for row in found.alternatives
    )
    assert found.nearest is not None
    assert found.nearest.settings.n_cpu_moe > 0
    assert "nearest" in codes(found)


def test_most_of_the_wish_on_the_gpu_is_better_than_all_of_it_on_the_cpu(
    models: dict[str, ModelFacts],
) -> None:
    found = answer(models["llama-3.1-8b"], computer("GeForce RTX 4060"), "coding")
    assert found.settings.n_gpu_layers == found.model.all_gpu_layers
    assert 16384 <= found.n_ctx_safe < 65536
    on_cpu = [row for row in found.alternatives if row.settings.n_gpu_layers < found.model.all_gpu_layers]
    assert max(row.n_ctx_max for row in on_cpu) >= 65536  # it is offered all the same


def test_of_two_cards_the_faster_alone_is_enough_for_a_small_model(models: dict[str, ModelFacts]) -> None:
    found = answer(models["llama-3.1-8b"], computer(*CARDS))
    assert (found.settings.split_mode, found.settings.main_gpu) == ("none", 0)
    assert "one-gpu" in codes(found)


def test_a_split_by_room_holds_more_than_one_by_free_memory(models: dict[str, ModelFacts]) -> None:
    found = answer(models["gemma-3-12b"], computer("RTX 3060 12GB", "RTX 3060 12GB"), "quality-first")
    rows = {
        row.settings.tensor_split: row for row in found.alternatives if row.settings.split_mode == "layer"
    }
    by_room = [row.n_ctx_max for split, row in rows.items() if split]
    default = next(row for row in found.alternatives if not row.settings.tensor_split)
    assert all(n_ctx_max > default.n_ctx_max for n_ctx_max in by_room)


def test_experts_and_layers_are_weighed_together_on_two_cards(models: dict[str, ModelFacts]) -> None:
    found = answer(models["qwen3-next-80b-a3b"], computer(*CARDS))
    assert found.n_ctx == 16384
    assert len(found.settings.tensor_split) == 2
    by_default = Request(n_cpu_moe=found.settings.n_cpu_moe)
    planner = Planner(found.model, found.hardware)
    assert largest_row(by_default, found.model, planner).n_ctx_max < 16384


def test_what_nothing_helps_says_by_how_much_it_is_too_large(models: dict[str, ModelFacts]) -> None:
    found = answer(models["llama-3.1-70b"], computer("GeForce RTX 4060", ram_gib=32))
    assert (found.n_ctx, found.nearest, found.plan.verdict) == (0, None, "does-not-fit")
    note = next(reason for reason in found.reasons if reason.code == "nearest")
    assert note.values["what"] == "smaller-model"
    # 40 GiB, of which the card and the RAM together hold all but a few.
    assert 5 * GiB < int(note.values["bytes"]) < 10 * GiB
    assert "smaller model" in note.text


def test_beyond_the_training_context_only_on_request(models: dict[str, ModelFacts]) -> None:
    facts = models["qwen3-30b-a3b"]
    hardware = computer("GeForce RTX 5090")
    bound = answer(facts, hardware, "longest-context")
    beyond = answer(facts, hardware, "longest-context", Request(above_training=True, n_ctx=65536))
    assert bound.n_ctx_safe == facts.n_ctx_train // 256 * 256
    assert beyond.n_ctx == 65536
    note = next(reason for reason in beyond.reasons if reason.code == "above-training")
    assert note.values == {"n_ctx": 65536, "n_ctx_train": facts.n_ctx_train}
    assert "above-training" not in codes(bound)


def test_each_row_says_its_request_speed_steps_and_quality(models: dict[str, ModelFacts]) -> None:
    found = answer(models["llama-3.1-8b"], computer("GeForce RTX 4070"), request=Request(runtime="ollama"))
    for row in found.alternatives:
        assert row.request is not None
        assert row.request.n_ctx == row.n_ctx_max
        assert [point.depth for point in row.speed] == [0, row.n_ctx_max]
        assert row.quality is not None
    f16, q8_0 = (next(r for r in found.alternatives if r.settings.cache_type_k == t) for t in ("f16", "q8_0"))
    assert (f16.steps, q8_0.steps) == (1, 3)


def test_comfort_bounds_what_is_recommended(models: dict[str, ModelFacts]) -> None:
    found = answer(models["gemma-3-12b"], computer("Apple M2", ram_gib=16))
    assert found.n_ctx_comfortable is not None
    assert found.n_ctx == found.n_ctx_comfortable


def test_of_three_cards_the_smallest_may_be_left_out(models: dict[str, ModelFacts]) -> None:
    hardware = computer("GeForce RTX 3090", "GeForce RTX 3090", "GeForce GTX 1060 6GB")
    requests = list(
        gpu_placements(
            Request(), models["llama-3.1-70b"], hardware, Planner(models["llama-3.1-70b"], hardware), 4096
        )
    )
    assert [request.devices for request in requests if request.devices] == [("CUDA0", "CUDA1")]
    assert [request.main_gpu for request in requests if request.split_mode == "none"] == [1]
    shares = next(request.tensor_split for request in requests if request.tensor_split)
    assert sum(shares) == models["llama-3.1-70b"].all_gpu_layers
    assert shares[2] < min(shares[:2])


@pytest.mark.parametrize(
    "request_",
    [
        Request(runtime="ollama"),
        Request(runtime="lm-studio"),
        Request(tensor_split=(1, 1)),
        Request(main_gpu=1),
    ],
)
def test_places_that_cannot_be_said_or_were_said_are_left_alone(
    models: dict[str, ModelFacts], request_: Request
) -> None:
    hardware, facts = computer(*CARDS), models["llama-3.1-8b"]
    assert list(gpu_placements(request_, facts, hardware, Planner(facts, hardware), 4096)) == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (LoadSettings(n_ctx=256, n_gpu_layers=33), "all layers on the GPU"),
        (LoadSettings(n_ctx=256, n_gpu_layers=20), "20 of 33 layers on the GPU"),
        (
            LoadSettings(n_ctx=256, n_gpu_layers=33, n_cpu_moe=4, offload_kqv=False),
            "all layers on the GPU, experts of 4 layers on the CPU, KV cache in the RAM",
        ),
        (
            LoadSettings(n_ctx=256, n_gpu_layers=33, split_mode="none", main_gpu=1),
            "all layers on the GPU, GPU 1 alone",
        ),
        (
            LoadSettings(n_ctx=256, n_gpu_layers=33, tensor_split=(20, 13), devices=("CUDA0", "CUDA1")),
            "all layers on the GPU, split 20,13, only CUDA0, CUDA1",
        ),
    ],
)
def test_places_in_words(models: dict[str, ModelFacts], settings: LoadSettings, words: str) -> None:
    assert places(settings, models["llama-3.1-8b"], has_gpu=True) == words
    assert places(settings, models["llama-3.1-8b"], has_gpu=False) == "in the RAM"


def test_without_the_gpu_that_is_there_nothing_is_moved_off_it(models: dict[str, ModelFacts]) -> None:
    facts, hardware = models["llama-3.1-8b"], computer("GeForce RTX 4070")
    request = Request(devices=("none",))
    for there in (hardware, replace(hardware, devices=(hardware.gpus[0], ram(4 * GiB)))):
        answer = advise(facts, there, goal_named("longest-context"), request, Planner(facts, there))
        assert [line.device for line in answer.plan.memory] == ["CPU"]
        assert bool(answer.n_ctx_safe) == (there is hardware)


def test_an_answer_that_follows_a_line_costs_few_questions(models: dict[str, ModelFacts]) -> None:
    facts, hardware = models["llama-3.1-8b"], computer("GeForce RTX 4070")

    class Heavier(Planner):
        """Answers by formula with a tenth more of everything, as an engine of another version might."""

        asked = 0

        def plan(self, settings: LoadSettings) -> MemoryPlan:
            self.asked += 1
            plan = self.estimate(settings)
            memory = tuple(
                replace(line, overhead_bytes=line.overhead_bytes + line.total_bytes // 10)
                for line in plan.memory
            )
            fits = all(line.total_bytes <= line.usable_bytes for line in memory)
            return replace(plan, memory=memory, verdict=Verdict.FITS if fits else Verdict.DOES_NOT_FIT)

    planner = Heavier(facts, hardware)
    row = largest_row(Request(), facts, planner)
    assert 0 < row.n_ctx_max < largest_row(Request(), facts, Planner(facts, hardware)).n_ctx_max
    assert planner.asked <= 6
