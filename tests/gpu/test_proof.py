"""Real loads on the device: full offload, both fills, a cap, and the device's own limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from advisor.engine.deaths import DEVICE_LIMIT
from advisor.engine.launch import Launch
from advisor.engine.proof import FillMethod, Progress
from advisor.engine.protocol import OpenModel
from advisor.engine.prover import Prover
from advisor.errors import EngineDied, EngineRefused
from advisor.settings.load_settings import LoadSettings
from advisor.units import MiB
from tests.support.small_models import small_llama

pytestmark = pytest.mark.gpu

# Two layers and the output; a row of keys takes 16 heads x 128 x 2 bytes.
SETTINGS = LoadSettings(n_ctx=512, n_ubatch=64, n_gpu_layers=3, flash_attn="on")
ROW_BYTES, LIMIT_BYTES, CAP_BYTES = 4096, 128 * MiB, 512 * MiB


def ignore(_progress: Progress) -> None:
    """Nobody looks."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> OpenModel:
    facts = small_llama(tmp_path_factory.mktemp("model") / "model.gguf", n_ff=256)
    return OpenModel(path=str(facts.path), n_gpu_layers=3)


@pytest.fixture
def prover(rig: Mapping[str, str]) -> Iterator[Prover]:
    with Prover(Launch(environment=rig)) as prover:
        yield prover


def test_the_whole_model_and_its_cache_are_on_the_device(prover: Prover, model: OpenModel) -> None:
    loaded = prover.load(model, host_usable_bytes=None, on_progress=ignore)
    assert set(loaded.memory.devices) == {"Vulkan0"}
    allocation = prover.allocate(SETTINGS, ignore)
    assert allocation.buffers is not None
    on_device = [buffer for buffer in allocation.buffers if buffer.device == "Vulkan0"]
    assert sum(buffer.context_bytes for buffer in on_device) == 2 * 2 * 512 * ROW_BYTES
    assert sum(buffer.context_bytes for buffer in allocation.buffers) == 2 * 2 * 512 * ROW_BYTES
    assert set(allocation.memory.devices) == {"Vulkan0"}


def test_both_methods_fill_the_same_cells(prover: Prover, model: OpenModel) -> None:
    prover.load(model, host_usable_bytes=None, on_progress=ignore)
    full = prover.fill(SETTINGS, FillMethod.FULL, ignore)
    copy = prover.fill(SETTINGS, FillMethod.COPY, ignore)
    assert (full.method, copy.method) == (FillMethod.FULL, FillMethod.COPY)
    assert full.filled_tokens == copy.filled_tokens == 512
    assert full.state_bytes == copy.state_bytes > 2 * 2 * 512 * ROW_BYTES
    assert full.refused_one_more is True
    assert copy.refused_one_more is True


def test_under_a_cap_a_large_context_does_not_fit_and_a_small_one_does(
    prover: Prover, model: OpenModel
) -> None:
    """The device's memory is the worker's own: without the cap, nothing would ever be refused."""
    prover.load(model, host_usable_bytes=None, cap_bytes=CAP_BYTES, on_progress=ignore)
    with pytest.raises((EngineRefused, EngineDied)) as raised:
        prover.allocate(SETTINGS.with_n_ctx(LIMIT_BYTES // ROW_BYTES), ignore)
    assert raised.value.code != DEVICE_LIMIT
    if not prover.is_loaded:
        prover.load(model, host_usable_bytes=None, cap_bytes=CAP_BYTES, on_progress=ignore)
    assert prover.allocate(SETTINGS, ignore).n_ctx == 512


def test_a_tensor_beyond_the_device_is_said_to_be_that(prover: Prover, model: OpenModel) -> None:
    prover.load(model, host_usable_bytes=None, on_progress=ignore)
    with pytest.raises(EngineDied) as raised:
        prover.allocate(SETTINGS.with_n_ctx(LIMIT_BYTES // ROW_BYTES + 1), ignore)
    assert raised.value.code == DEVICE_LIMIT
    assert "while allocating a context" in raised.value.message
