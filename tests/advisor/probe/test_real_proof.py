"""The proof with the real engine on the CPU, its worker capped."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.probe.result import BoundBy, Outcome
from advisor.settings.request import Request
from advisor.units import MiB
from tests.support.real_proof import largest_that_works, proved
from tests.support.small_models import small_llama

pytestmark = pytest.mark.engine

REQUEST = Request(runtime="llama-server", n_ubatch=64, cache_type_k="f32", cache_type_v="f32")
CAP_BYTES = 512 * MiB


def test_the_limit_under_a_cap_is_that_of_an_exhaustive_search(tmp_path: Path) -> None:
    """64 KiB a token: about 6,000 of them."""
    facts = small_llama(tmp_path / "model.gguf", n_layer=16, n_head=4, n_head_kv=4, n_ff=64, n_vocab=1024)
    found, hardware = proved(facts, REQUEST, tmp_path, cap_bytes=CAP_BYTES)
    largest = largest_that_works(facts, REQUEST, hardware, found.limit_n_ctx, CAP_BYTES)
    assert largest > 0
    assert abs(found.limit_n_ctx - largest) <= 256
    assert found.bound_by is BoundBy.MEMORY
    assert found.filled_tokens == found.proved_n_ctx == found.limit_n_ctx
    assert len(found.attempts) <= 6
    assert {attempt.outcome for attempt in found.attempts if attempt.n_ctx > largest} != {Outcome.OK}
    assert found.measured_peak_bytes["CPU"] is not None
