"""Several proofs together: a disturbed one must not lower what is advised for ever."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.probe.lessons import Lesson, about, combined, slower_than_before
from advisor.settings.calibration import NOTHING_LEARNED, Calibration
from advisor.settings.load_settings import LoadSettings
from advisor.units import MiB

SETTINGS = LoadSettings(n_ctx=8192)


def taught(share: float, overhead: int = 300) -> Calibration:
    return Calibration({"CUDA": overhead * MiB}, {"nvidia:0": share}, {"nvidia:0": share * 1e13}, 1)


def of_one_model(*proofs: Calibration) -> list[Lesson]:
    return [Lesson("a", proof) for proof in proofs]


def of_as_many_models(*proofs: Calibration) -> list[Lesson]:
    return [Lesson(str(number), proof) for number, proof in enumerate(proofs)]


def test_nothing_combined_is_nothing_learned() -> None:
    assert combined(()) == NOTHING_LEARNED


def test_the_length_of_the_context_makes_no_other_subject() -> None:
    assert about("key", SETTINGS) == about("key", SETTINGS.with_n_ctx(65536))
    assert about("key", SETTINGS) != about("other", SETTINGS)
    assert about("key", SETTINGS) != about("key", replace(SETTINGS, cache_type_k="q8_0"))


@pytest.mark.parametrize("order", [(0.2, 0.6), (0.6, 0.2)])
def test_one_proof_on_a_busy_computer_does_not_count_beside_a_quiet_one(order: tuple[float, float]) -> None:
    found = combined(of_one_model(*map(taught, order)))
    assert found.decode_share == {"nvidia:0": 0.6}
    assert found.prefill_flops_per_second == {"nvidia:0": pytest.approx(6e12)}
    assert found.n_probes == 2


def test_a_computer_that_stays_slower_is_believed_after_three_proofs() -> None:
    assert combined(of_one_model(*map(taught, (0.6, 0.3, 0.3)))).decode_share == {"nvidia:0": 0.6}
    assert combined(of_one_model(*map(taught, (0.6, 0.3, 0.3, 0.3)))).decode_share == {"nvidia:0": 0.3}


@pytest.mark.parametrize(
    ("overheads", "wanted"), [([300], 300), ([300, 2500], 2500), ([2500, 300, 310], 310), ([2500] * 2, 2500)]
)
def test_memory_that_another_program_took_meanwhile_is_outvoted(overheads: list[int], wanted: int) -> None:
    found = combined(of_one_model(*(taught(0.5, overhead) for overhead in overheads)))
    assert found.overhead_bytes == {"CUDA": wanted * MiB}


def test_several_models_are_their_median_and_the_most_memory() -> None:
    proofs = [taught(share, overhead) for overhead, share in ((300, 0.5), (400, 0.7), (350, 0.6))]
    found = combined(of_as_many_models(*proofs, Calibration(decode_share={"ram": 0.4}, n_probes=1)))
    assert found.overhead_bytes == {"CUDA": 400 * MiB}
    assert found.decode_share == {"nvidia:0": 0.6, "ram": 0.4}
    assert found.prefill_flops_per_second == {"nvidia:0": pytest.approx(6e12)}
    assert found.n_probes == 4


def test_only_the_newest_five_models_count() -> None:
    found = combined(of_as_many_models(*[taught(0.1, 900)] * 7, *[taught(0.6)] * 5))
    assert (found.overhead_bytes, found.decode_share) == ({"CUDA": 300 * MiB}, {"nvidia:0": 0.6})
    assert found.n_probes == 12


def test_a_model_that_was_proved_again_is_among_the_newest() -> None:
    old = Lesson("old", taught(0.9, 500))
    others = of_as_many_models(*[taught(0.1)] * 5)
    assert combined([old, *others]).overhead_bytes == {"CUDA": 300 * MiB}
    assert combined([old, *others, old]).overhead_bytes == {"CUDA": 500 * MiB}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.01, 1.0)), min_size=1, max_size=12))
def test_what_is_learned_lies_between_the_proofs(proofs: list[tuple[str, float]]) -> None:
    found = combined([Lesson(model, Calibration(decode_share={"ram": share})) for model, share in proofs])
    shares = [share for _, share in proofs]
    assert min(shares) <= found.decode_share["ram"] <= max(shares)


@pytest.mark.parametrize(
    ("before", "is_told"),
    [
        ([], False),
        ([0.5], False),
        ([0.6], False),
        ([0.65], True),
        ([0.65, 0.5], True),
        ([0.9, 0.5, 0.5], False),
    ],
)
def test_a_proof_that_was_slower_than_one_that_counts_is_told(before: list[float], is_told: bool) -> None:
    note = slower_than_before(taught(0.5), [taught(share) for share in before])
    assert (note is not None) is is_told
    if note:
        assert "1.3 times as fast" in note.text


def test_other_devices_are_not_compared() -> None:
    assert slower_than_before(Calibration(decode_share={"ram": 0.1}), [taught(0.9)]) is None
    assert slower_than_before(NOTHING_LEARNED, [taught(0.9)]) is None
