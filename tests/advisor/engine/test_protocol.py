from __future__ import annotations

from dataclasses import asdict

import pytest

from advisor.engine.protocol import ContextAnswer, EngineInfo, MakeContext
from advisor.engine.worker.limits import CACHE_TYPES as WORKER_CACHE_TYPES
from advisor.engine.worker.limits import MAX_N_CTX as WORKER_MAX_N_CTX
from advisor.engine.worker.limits import MAX_SEQUENCES as WORKER_MAX_SEQUENCES
from advisor.settings.load_settings import CACHE_TYPES, MAX_N_CTX, MAX_SEQUENCES, LoadSettings


def test_a_context_takes_every_setting_that_it_names() -> None:
    settings = LoadSettings(
        n_ctx=8192,
        n_batch=100,
        n_ubatch=50,
        n_seq_max=3,
        kv_unified=False,
        swa_full=True,
        n_outputs_max=9,
        cache_type_k="q8_0",
        cache_type_v="q4_0",
        flash_attn="on",
        offload_kqv=False,
        op_offload=False,
    )
    request = asdict(MakeContext.of(settings))
    assert request.pop("cache") == ()
    assert request == {name: getattr(settings, name) for name in request}


def test_an_answer_without_a_field_is_not_understood() -> None:
    with pytest.raises(KeyError):
        EngineInfo.read({})
    with pytest.raises(KeyError):
        ContextAnswer.read({"n_ctx": 1})


def test_both_sides_know_the_same_limits() -> None:
    assert set(WORKER_CACHE_TYPES) == set(CACHE_TYPES)
    assert WORKER_MAX_N_CTX == MAX_N_CTX
    assert WORKER_MAX_SEQUENCES == MAX_SEQUENCES
