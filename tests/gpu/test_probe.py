"""The proof on the device of `make rig`, all layers on it and its worker capped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from advisor.engine.deaths import DEVICE_LIMIT
from advisor.probe.result import BoundBy, Outcome
from advisor.settings.request import Request
from advisor.units import MiB
from tests.support.real_proof import largest_that_works, loaded_bytes, proved
from tests.support.small_models import small_llama

pytestmark = pytest.mark.gpu

# What is quick on a processor that plays a GPU: few heads, a small vocabulary, and ubatches so short that
# depth changes none of their kernels, each of which takes the driver many seconds to build.
REQUEST = Request(runtime="llama-server", n_ubatch=8, cache_type_k="f32", cache_type_v="f32", flash_attn="on")
CAP_BYTES = 512 * MiB
# Of the cap, for contexts: 220 MiB are the driver's and the model's where its kernels are in its cache. Where
# the driver takes more, on other processors or without a cache, the cap is as much higher.
ROOM_BYTES = 240 * MiB


def test_the_limit_under_a_cap_is_that_of_an_exhaustive_search(
    rig: Mapping[str, str], tmp_path: Path
) -> None:
    """96 KiB a token, about 3,000 of them: the driver's own memory varies by less than a step of 24 MiB."""
    facts = small_llama(tmp_path / "model.gguf", n_layer=12, n_head=8, n_head_kv=8, n_ff=64, n_vocab=1024)
    cap_bytes = max(CAP_BYTES, loaded_bytes(facts, REQUEST, rig) + ROOM_BYTES)
    found, hardware = proved(facts, REQUEST, tmp_path, rig, cap_bytes=cap_bytes)
    largest = largest_that_works(facts, REQUEST, hardware, found.limit_n_ctx, cap_bytes, rig)
    assert largest > 0
    assert abs(found.limit_n_ctx - largest) <= 256
    assert found.filled_tokens == found.limit_n_ctx
    assert found.settings.n_gpu_layers == facts.all_gpu_layers
    assert set(found.predicted_bytes) == {"Vulkan0", "CPU"}
    assert found.measured_peak_bytes["Vulkan0"] is None
    codes = [note.code for note in found.measured_notes]
    assert "device-figures-still" in codes
    assert "rss-holds-device" in codes


def test_a_tensor_beyond_the_device_is_a_limit_of_the_device(rig: Mapping[str, str], tmp_path: Path) -> None:
    """With one layer of 16 heads, the keys of 16,384 tokens are as large as a tensor may be there."""
    facts = small_llama(tmp_path / "model.gguf", n_layer=1, n_ff=64, n_vocab=1024)
    found, _ = proved(facts, REQUEST, tmp_path, rig, n_ctx=16640)
    assert found.limit_n_ctx == 16384
    assert found.bound_by is BoundBy.MEMORY
    assert DEVICE_LIMIT in [note.code for note in found.measured_notes]
    refused = [attempt for attempt in found.attempts if attempt.n_ctx == 16640]
    assert refused[0].outcome is Outcome.REFUSED
    assert "not of its memory" in refused[0].detail
