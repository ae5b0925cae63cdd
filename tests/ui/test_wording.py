"""The domain's values in words: every one has some, and none says more than is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.basis import Basis
from advisor.memory.plan import Verdict
from advisor.recommend.result import Lever
from advisor.settings.load_settings import LoadSettings
from advisor.units import GiB, MiB
from tests.support import answers
from ui import wording
from ui.theme import Tone


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_has_words_and_a_tone(verdict: Verdict) -> None:
    assert wording.verdict_words(verdict)
    assert wording.verdict_tone(verdict) in {Tone.GOOD, Tone.CAUTION, Tone.BAD}


def test_only_a_plain_yes_is_green() -> None:
    green = [verdict for verdict in Verdict if wording.verdict_tone(verdict) is Tone.GOOD]
    assert green == [Verdict.FITS]


@pytest.mark.parametrize(
    ("soonest", "latest", "words"),
    [
        (None, 12.2, "12 s"),
        (12.0, 12.2, "12 s"),
        (12.2, 21.0, "12 to 21 s"),
        (2.0, 120.0, "2 s to 2 min"),
        (0.4, 5000.0, "0.4 s to 83 min"),
    ],
)
def test_a_wait_is_a_range_where_it_is_estimated(soonest: float | None, latest: float, words: str) -> None:
    assert wording.wait_words(soonest, latest) == words


@pytest.mark.parametrize("basis", list(Basis))
def test_every_basis_has_words_of_its_own(basis: Basis) -> None:
    others = {wording.basis_words(other) for other in Basis if other is not basis}
    assert wording.basis_words(basis) not in others


@pytest.mark.parametrize(
    ("n_params", "words"),
    [
        (999, "999"),
        (268_098_176, "268 M"),
        (1_235_814_432, "1.24 B"),
        (8_030_261_248, "8.03 B"),
        (32_760_000_000, "32.8 B"),
        (671_026_000_000, "671 B"),
        (1_040_000_000_000, "1.04 T"),
    ],
)
def test_parameters_are_counted_as_the_field_does(n_params: int, words: str) -> None:
    assert wording.parameters(n_params) == words


@pytest.mark.parametrize(
    ("n_ctx", "words"),
    [
        (256, "about 190 words, a page"),
        (4096, "about 3,070 words or 10 pages"),
        (49152, "about 36,900 words or 120 pages"),
        (1048576, "about 786,000 words or 2,620 pages"),
    ],
)
def test_a_context_in_print(n_ctx: int, words: str) -> None:
    assert wording.in_print(LoadSettings(n_ctx=n_ctx)) == words


def test_a_split_context_is_counted_for_one_user() -> None:
    settings = LoadSettings(n_ctx=32768, n_seq_max=4, kv_unified=False)
    assert wording.in_print(settings) == "about 6,140 words or 20 pages each"


def test_layers_are_told_by_where_they_are() -> None:
    made = answers.model()
    on_gpu = answers.recommendation(made, answers.computer(answers.gpu())).plan
    in_ram = answers.recommendation(made, answers.computer()).plan
    on_two = answers.recommendation(made, answers.computer(answers.gpu(0), answers.gpu(1))).plan
    assert wording.layers_words(on_gpu, made.facts) == "all 33 layers on the GPU"
    assert wording.layers_words(in_ram, made.facts) == "in RAM, on the CPU"
    assert wording.layers_words(on_two, made.facts) == "all 33 layers on 2 GPUs"
    some = replace(on_gpu, settings=replace(on_gpu.settings, n_gpu_layers=28))
    assert wording.layers_words(some, made.facts) == "28 of 33 layers on the GPU"
    assert wording.layers_cell(some, made.facts) == "28 of 33"


def test_a_gpu_that_takes_nothing_is_not_said_to_hold_layers() -> None:
    made = answers.model()
    hardware = answers.computer(answers.gpu())
    settings = LoadSettings(n_ctx=4096, n_gpu_layers=0)
    plan = answers.plan(made, hardware, settings)
    idle = replace(plan.memory[0], buffers=replace(plan.memory[0].buffers, compute_bytes=0))
    assert (
        wording.layers_words(replace(plan, memory=(idle, plan.memory[1])), made.facts) == "in RAM, on the CPU"
    )


def test_a_levers_gain_stands_in_its_own_column() -> None:
    lever = Lever(
        "cache-type-q8_0-q8_0",
        "q8_0 KV cache: +11,264 tokens, frees 190 MiB",
        11264,
        190 * MiB,
        title="q8_0 KV cache",
        detail="usually no loss",
    )
    assert wording.lever_name(lever) == "q8_0 KV cache"
    assert wording.lever_gain(lever) == "+11,264 tokens"
    assert wording.lever_gain(replace(lever, gain_tokens=-256)) == "\u2212256 tokens"
    assert wording.lever_gain(replace(lever, gain_tokens=0)) == "frees 190.0 MiB"
    assert wording.lever_gain(replace(lever, gain_tokens=0, gain_bytes=-MiB)) == "takes 1.0 MiB"
    assert wording.lever_details(lever) == ("frees 190.0 MiB at the same context", "usually no loss")
    costly = replace(lever, gain_tokens=-256, gain_bytes=-MiB, detail="")
    assert wording.lever_details(costly) == ("takes 1.0 MiB more at the same context",)
    assert wording.lever_details(replace(lever, gain_tokens=0)) == ("usually no loss",)
    assert wording.lever_name(Lever("unload", "Unload a: b", 1, 0)) == "Unload a: b"


def test_devices_have_their_own_names_and_are_told_apart() -> None:
    pair = answers.computer(answers.gpu(0, "Tesla T4"), answers.gpu(1, "Tesla T4"))
    one = answers.recommendation(hardware=answers.computer(answers.gpu())).plan.memory
    twins = answers.recommendation(hardware=pair).plan.memory
    assert wording.device_names(one) == {"CUDA0": "NVIDIA GeForce RTX 4070", "CPU": "RAM"}
    assert wording.device_names(one, with_engines=True)["CUDA0"] == "NVIDIA GeForce RTX 4070 (CUDA0)"
    assert wording.device_names(one, with_engines=True)["CPU"] == "RAM"
    assert list(wording.device_names(twins).values()) == ["Tesla T4 (CUDA0)", "Tesla T4 (CUDA1)", "RAM"]
    nameless = [replace(one[0], device_name="CUDA0")]
    assert wording.device_names(nameless, with_engines=True) == {"CUDA0": "CUDA0"}


def test_a_memory_in_a_line_names_its_unit_once() -> None:
    assert wording.device_line(answers.gpu()) == "12.0 GiB, 10.0 free, 9.0 usable"
    assert wording.device_line(answers.gpu(free=1800 * MiB)) == "12.0 GiB, 1.8 free, 776.0 MiB usable"
    assert wording.device_line(answers.gpu(free=None)) == "12.0 GiB, free is not known, 11.0 usable"


def test_a_model_in_a_line() -> None:
    words = wording.model_line(answers.model(n_expert=128, weights_bytes=52 * GiB).facts)
    assert words == "llama · 8.03 B · Q4_K_M · 32 layers · 128 experts · 52.0 GiB · trained for 131,072"


def test_where_nothing_fits_what_would_is_the_first_lever() -> None:
    too_big = answers.recommendation(answers.model("Too big", weights_bytes=90 * GiB))
    assert wording.nearest_lever(too_big) == ()
    row = replace(too_big.alternatives[1], n_ctx_max=4096)
    (lever,) = wording.nearest_lever(replace(too_big, nearest=row))
    assert (lever.title, lever.gain_tokens) == ("This would fit", 4096)
    assert lever.detail.startswith("q8_0 KV cache, all layers on the GPU")
    assert lever.request is not None
    assert lever.request.cache_type_k == "q8_0"
    assert wording.nearest_lever(replace(answers.recommendation(), nearest=row)) == ()
