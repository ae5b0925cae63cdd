"""The real worker with real models: loaded, allocated, filled by both methods, capped, killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from advisor.engine.client import EngineClient
from advisor.engine.dry_run import dry_run
from advisor.engine.launch import Launch
from advisor.engine.proof import Filling, FillMethod, LoadedModel, Progress
from advisor.engine.protocol import OpenModel
from advisor.engine.prover import Prover
from advisor.errors import Cancelled, EngineDied, EngineError, EngineRefused
from advisor.settings.load_settings import LoadSettings
from advisor.units import KiB, MiB
from tests.support.engines import ends, patched
from tests.support.gemma import real_gemma
from tests.support.gguf_bytes import expand_head
from tests.support.small_models import small_llama

pytestmark = pytest.mark.engine

# One thread: two would wait for each other on a busy computer, thousands of times.
ONE_THREAD = "import worker.real_context\nworker.real_context.n_cores = lambda: 1"
SETTINGS = LoadSettings(n_ctx=1024, n_ubatch=128)


@pytest.fixture
def prover(tmp_path: Path) -> Iterator[Prover]:
    (tmp_path / "worker").mkdir()
    with Prover(patched(tmp_path / "worker", ONE_THREAD)) as prover:
        yield prover


def ignore(_progress: Progress) -> None:
    """Nobody looks."""


def load(prover: Prover, path: Path | None, usable: int | None = None, cap: int | None = None) -> LoadedModel:
    request = OpenModel(path=str(path))
    return prover.load(request, host_usable_bytes=usable, cap_bytes=cap, on_progress=ignore)


def by_both(prover: Prover, settings: LoadSettings = SETTINGS) -> tuple[Filling, Filling]:
    full = prover.fill(settings, FillMethod.FULL, ignore)
    return full, prover.fill(settings, FillMethod.COPY, ignore)


def check_equal(full: Filling, copy: Filling) -> None:
    """Both methods have filled the same cells."""
    assert (full.method, copy.method) == (FillMethod.FULL, FillMethod.COPY)
    assert full.filled_tokens == copy.filled_tokens == full.n_ctx == copy.n_ctx
    assert full.state_bytes == copy.state_bytes > 0
    assert full.refused_one_more == copy.refused_one_more


def small(directory: Path) -> Path:
    path = small_llama(directory / "small.gguf", n_head=2, n_head_kv=1, n_ff=256).path
    assert path is not None
    return path


@pytest.mark.parametrize("path", ["/no/such/model.gguf", "/"])
def test_a_file_that_is_none_is_a_sentence(prover: Prover, path: str) -> None:
    with pytest.raises(EngineError) as raised:
        load(prover, Path(path))
    assert raised.value.hint
    assert not prover.is_loaded


def test_a_model_that_was_cut_off_is_a_sentence(prover: Prover, tmp_path: Path) -> None:
    path = small(tmp_path)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(EngineRefused) as raised:
        load(prover, path)
    assert raised.value.code == "model-truncated"


def test_what_is_allocated_is_what_the_dry_run_said(prover: Prover, tmp_path: Path) -> None:
    facts = small_llama(tmp_path / "small.gguf", n_head=2, n_head_kv=1, n_ff=256)
    load(prover, facts.path)
    allocation = prover.allocate(SETTINGS, ignore)
    with EngineClient() as client:
        (host,) = dry_run(client, facts, SETTINGS, ()).buffers
    assert allocation.n_ctx == SETTINGS.n_ctx
    assert allocation.buffers is not None
    assert sum(b.context_bytes for b in allocation.buffers) == host.kv_cache_bytes
    compute = sum(b.compute_bytes for b in allocation.buffers)
    assert compute == pytest.approx(host.compute_bytes, abs=64 * KiB)


def test_memory_and_speed_are_measured(prover: Prover, tmp_path: Path) -> None:
    loaded = load(prover, small(tmp_path))
    allocation = prover.allocate(LoadSettings(n_ctx=32768, cache_type_k="f32", cache_type_v="f32"), ignore)
    before, most = loaded.memory, allocation.memory
    assert before.rss_bytes is not None
    assert before.mapped_bytes is not None
    assert most.peak_rss_bytes is not None
    assert most.rss_bytes is not None
    assert 0 < before.mapped_bytes < before.rss_bytes
    # Two layers of 32,768 tokens, 128 floats of K and of V each, all of them written when it is made.
    assert most.peak_rss_bytes - before.rss_bytes > 2 * 32768 * 2 * 128 * 4 - MiB
    assert most.peak_rss_bytes >= most.rss_bytes
    assert most.devices == {}
    assert allocation.speed.depth == 0
    assert allocation.speed.prefill_tokens_per_second
    assert allocation.speed.decode_tokens_per_second


def test_one_context_after_another_takes_the_same(prover: Prover, tmp_path: Path) -> None:
    load(prover, small(tmp_path))

    def peak(settings: LoadSettings) -> int:
        return prover.allocate(settings, ignore).memory.peak_rss_bytes or 0

    first = peak(SETTINGS)
    assert peak(SETTINGS.with_n_ctx(65536)) > first + 32 * MiB
    assert peak(SETTINGS) == pytest.approx(first, abs=4 * MiB)


# What the caches of these families have: one for all, a window, multi-head latent attention, an indexer
# beside it, several positions a token, state alone, and state beside a cache.
FAMILIES = (
    "llama-moe",
    "gemma3-dense",
    "minicpm3-dense",
    "deepseek32-moe",
    "qwen2vl-dense",
    "mamba2-dense",
    "plamo2-dense",
    "qwen35-dense",
)


@pytest.mark.parametrize("name", FAMILIES)
def test_both_methods_fill_the_same_cells(prover: Prover, tmp_path: Path, name: str) -> None:
    loaded = load(prover, expand_head(name, tmp_path))
    full, copy = by_both(prover)
    check_equal(full, copy)
    assert full.filled_tokens == SETTINGS.n_ctx
    assert loaded.is_recurrent == (name == "mamba2-dense")
    assert loaded.is_hybrid == (name in ("plamo2-dense", "qwen35-dense"))
    assert full.refused_one_more is (None if loaded.is_recurrent else True)


@pytest.mark.parametrize(
    "change",
    [
        {"cache_type_k": "q8_0", "cache_type_v": "q8_0"},
        {"cache_type_k": "q4_0", "cache_type_v": "f16"},
        {"flash_attn": "off"},
        {"n_seq_max": 4, "n_outputs_max": 4},
        {"n_ctx": 256},
        {"n_ubatch": 8},
        {"n_ubatch": 1},
        {"n_batch": 32},
        {"n_outputs_max": 0},
    ],
    ids=str,
)
def test_both_methods_fill_the_same_cells_with_other_settings(
    prover: Prover, tmp_path: Path, change: Mapping[str, Any]
) -> None:
    load(prover, small(tmp_path))
    full, copy = by_both(prover, replace(SETTINGS, **change))
    check_equal(full, copy)
    assert full.refused_one_more is True


def test_speed_is_measured_at_each_quarter(prover: Prover, tmp_path: Path) -> None:
    load(prover, small(tmp_path))
    for filling in by_both(prover):
        assert [point.depth for point in filling.speed] == [0, 256, 512, 768, 1024]
        for point in filling.speed:
            assert point.prefill_tokens_per_second
            assert point.decode_tokens_per_second


def test_what_depth_adds_is_the_same_by_both_methods(prover: Prover, tmp_path: Path) -> None:
    """The mask of a ubatch of 512 at 8,192 tokens is 8 MiB, and is written as far as there are cells."""
    load(prover, small(tmp_path))
    full, copy = by_both(prover, LoadSettings(n_ctx=8192))
    check_equal(full, copy)
    for filling in (full, copy):
        assert 0 < filling.measuring_seconds < filling.seconds
        assert filling.last_prompt_tokens == 512
        assert filling.grown_bytes is not None
        assert filling.grown_bytes > 6 * MiB
    assert copy.grown_bytes == pytest.approx(full.grown_bytes, abs=4 * MiB)


def test_split_slots_are_all_filled_and_plainly(prover: Prover, tmp_path: Path) -> None:
    load(prover, small(tmp_path))
    settings = replace(SETTINGS, n_seq_max=2, n_outputs_max=2, kv_unified=False)
    filling = prover.fill(settings, FillMethod.COPY, ignore)
    assert filling.method is FillMethod.FULL
    assert filling.filled_tokens == 1024
    assert [point.depth for point in filling.speed] == [0, 128, 256, 384, 512]
    assert filling.refused_one_more is True


def test_copies_that_take_other_cells_than_decoded_tokens_are_not_believed(tmp_path: Path) -> None:
    lost = """
    from worker import copy_fill
    original = copy_fill.Copier._put
    def put(self, chunk, first):
        original(self, chunk, first)
        self._llama.llama_memory_seq_rm(self._context.memory, 0, first, first + 4)
    copy_fill.Copier._put = put
    """
    with Prover(patched(tmp_path, lost)) as prover:
        load(prover, small(tmp_path))
        assert prover.fill(SETTINGS, FillMethod.COPY, ignore).method is FillMethod.FULL


def test_progress_tells_stages_tokens_and_memory(prover: Prover, tmp_path: Path) -> None:
    news: list[Progress] = []
    load(prover, small(tmp_path))
    prover.fill(SETTINGS.with_n_ctx(4096), FillMethod.FULL, news.append)
    filling = [progress for progress in news if progress.stage == "filling"]
    assert filling
    assert {progress.n_ctx for progress in filling} == {4096}
    counts = [progress.n_filled for progress in filling]
    assert counts == sorted(counts)
    assert all(progress.memory and progress.memory.rss_bytes for progress in news)


def test_under_a_cap_a_large_context_is_an_error_and_a_small_one_works(
    prover: Prover, tmp_path: Path
) -> None:
    path = small(tmp_path)
    loaded = load(prover, path, cap=256 * MiB)
    assert loaded.guard_bytes == 256 * MiB
    with pytest.raises((EngineRefused, EngineDied)) as raised:
        prover.allocate(SETTINGS.with_n_ctx(1024 * 1024), ignore)
    assert raised.value.hint
    if not prover.is_loaded:
        load(prover, path, cap=256 * MiB)
    allocation = prover.allocate(SETTINGS.with_n_ctx(16384), ignore)
    assert allocation.n_ctx == 16384
    assert (allocation.memory.data_bytes or 0) <= 256 * MiB


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what counts against a limit")
def test_a_context_leaves_nothing_to_the_next_one(prover: Prover, tmp_path: Path) -> None:
    load(prover, small(tmp_path))
    small_one, large_one = SETTINGS.with_n_ctx(4096), SETTINGS.with_n_ctx(65536)
    sizes = [
        prover.allocate(settings, ignore).memory.data_bytes or 0
        for settings in (small_one, large_one, small_one)
    ]
    assert sizes[1] - sizes[0] > 64 * MiB
    assert abs(sizes[2] - sizes[0]) < 4 * MiB


def test_the_guard_leaves_what_may_be_used(prover: Prover, tmp_path: Path) -> None:
    loaded = load(prover, small(tmp_path), usable=300 * MiB)
    assert loaded.guard_bytes is not None
    assert loaded.memory.data_bytes is not None
    left = loaded.guard_bytes - loaded.memory.data_bytes
    assert 200 * MiB < left < 300 * MiB


def test_a_model_that_takes_all_the_memory_is_an_error(prover: Prover, tmp_path: Path) -> None:
    with pytest.raises(EngineDied) as raised:
        load(prover, small(tmp_path), cap=8 * MiB)
    assert raised.value.code == "engine-out-of-memory"
    assert not prover.is_loaded


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this file")
def test_the_worker_is_the_first_to_go_when_memory_runs_out(prover: Prover, tmp_path: Path) -> None:
    load(prover, small(tmp_path))
    assert Path(f"/proc/{prover.pid}/oom_score_adj").read_text().strip() == "1000"


def test_a_model_that_disappears_after_its_load_changes_nothing(prover: Prover, tmp_path: Path) -> None:
    path = small(tmp_path)
    load(prover, path)
    path.unlink()
    assert prover.allocate(SETTINGS, ignore).n_ctx == SETTINGS.n_ctx


def test_a_model_that_is_cut_off_after_its_load_is_a_sentence(prover: Prover, tmp_path: Path) -> None:
    """The weights are in the mapped file: reading beyond its end is SIGBUS."""
    path = small(tmp_path)
    load(prover, path)
    os.truncate(path, 4096)
    with pytest.raises(EngineDied) as raised:
        prover.allocate(SETTINGS, ignore)
    assert raised.value.code == "engine-crashed"
    assert "while allocating a context" in raised.value.message


@pytest.mark.parametrize("end", ["cancel", "kill"])
def test_a_fill_ends_at_once(prover: Prover, tmp_path: Path, end: str) -> None:
    load(prover, small(tmp_path))
    pid = prover.pid
    assert pid is not None
    handle = os.pidfd_open(pid)

    def stop(progress: Progress) -> None:
        if progress.stage == "filling" and prover.pid is not None:
            prover.cancel() if end == "cancel" else os.kill(pid, signal.SIGKILL)

    with pytest.raises(Cancelled if end == "cancel" else EngineDied):
        prover.fill(LoadSettings(n_ctx=1024 * 1024), FillMethod.FULL, stop)
    assert ends(handle)
    os.close(handle)
    assert not prover.is_loaded


# A load that hangs in the middle, as one from a slow disk does.
STUCK = """
import ctypes
import worker.real_load
def hang(*_):
    worker.real_load.guard.os.write(2, b"loading\\n")
    ctypes.CDLL(None).pause()
worker.real_load.load_model = hang
"""


LOAD = (
    b'{"id": 1, "do": "load", "path": "x", "use_mmap": true, "host_usable_bytes": null, "cap_bytes": null}\n'
)
PARENT = """
import subprocess, sys
worker = subprocess.Popen([sys.executable, {worker!r}], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
worker.stdin.write({load!r})
worker.stdin.flush()
worker.stderr.readline()
print(worker.pid, flush=True)
worker.wait()
"""


def test_a_load_ends_with_the_input(tmp_path: Path) -> None:
    launch = patched(tmp_path, STUCK)
    pipe, environment = subprocess.PIPE, launch.child_environment()
    with subprocess.Popen(launch.command, stdin=pipe, stderr=pipe, env=environment) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(LOAD)
        process.stdin.flush()
        assert process.stderr.readline() == b"loading\n"
        process.stdin.close()
        assert process.wait() == 0


def test_a_load_ends_with_the_program(tmp_path: Path) -> None:
    program = PARENT.format(worker=str(patched(tmp_path, STUCK).worker), load=LOAD)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        handle = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
        assert ends(handle)
        os.close(handle)


def test_an_engine_library_in_another_folder_proves_too(tmp_path: Path) -> None:
    with EngineClient() as client:
        folder = Path(client.hello().library).parent
    with Prover(Launch(library_dir=folder)) as prover:
        load(prover, small(tmp_path))
        assert prover.allocate(SETTINGS, ignore).n_ctx == SETTINGS.n_ctx


def test_a_real_model_is_filled_by_both_methods(tmp_path: Path) -> None:
    with real_gemma() as path, Prover(patched(tmp_path, ONE_THREAD)) as prover:
        assert load(prover, path).has_vocabulary
        full, copy = by_both(prover, LoadSettings(n_ctx=2048))
    check_equal(full, copy)
    assert full.refused_one_more is True
