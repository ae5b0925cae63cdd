from dataclasses import replace

from advisor.memory.overhead import gpu_overhead, host_overhead, host_part, python_arrays_bytes
from advisor.settings.load_settings import LoadSettings
from advisor.units import GiB, MiB
from tests.support.planning import a_model, gpu

CARD = gpu(11 * GiB)


def test_what_this_machine_measured_takes_the_place_of_what_was_published() -> None:
    assert gpu_overhead(CARD, {"CUDA": 333 * MiB}) == 333 * MiB
    assert gpu_overhead(CARD, {"Vulkan": 333 * MiB}) == 512 * MiB
    assert host_overhead(a_model(), LoadSettings(n_ctx=256), {"CPU": 0}) == 256 * 150


def test_what_a_process_was_measured_to_hold_is_planned_again() -> None:
    settings = LoadSettings(n_ctx=8192)
    beside = 90 * MiB
    assert host_overhead(a_model(), settings, {"CPU": host_part(beside, settings)}) == beside
    assert host_part(1, settings) == 0


def test_cudas_context_grows_with_the_card() -> None:
    sizes = [gpu_overhead(replace(CARD, multiprocessors=n), {}) for n in (34, 82, 188)]
    assert sizes == sorted(sizes)
    assert 749 * MiB < sizes[-1] < 1024 * MiB  # RTX PRO 6000: 749 MiB were unaccounted for


def test_a_backend_that_we_do_not_know_is_assumed_to_be_dear() -> None:
    assert gpu_overhead(replace(CARD, backend="CANN"), {}) == 512 * MiB


def test_llama_cpp_python_keeps_scores_and_sequence_numbers_of_its_own() -> None:
    settings = LoadSettings(n_ctx=131072, n_batch=512, runtime="llama-cpp-python")
    gemma = replace(a_model(), n_vocab=262144)
    assert python_arrays_bytes(gemma, settings) == 512 * MiB + 256 * MiB
    extra = host_overhead(gemma, settings, {}) - host_overhead(
        gemma, replace(settings, runtime="llama-server"), {}
    )
    assert extra == python_arrays_bytes(gemma, settings)
