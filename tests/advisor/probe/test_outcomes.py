"""Every way in which an attempt can fail has its word; some say that no other context will work either."""

from __future__ import annotations

import pytest

from advisor.engine.deaths import DEVICE_LIMIT, Stage, death, silence
from advisor.engine.refusals import refusal
from advisor.engine.wire import Failure
from advisor.errors import EngineError, EngineMissing, EngineUnfit
from advisor.probe.outcomes import detail_of, is_of_this_context, outcome_of
from advisor.probe.result import Outcome

LIMIT = "pre-allocated tensor (cache_k_l0) in a buffer (Vulkan0) that cannot run the operation"
NULL = Failure("engine", "No context.", ("ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate",))

CASES = {
    "segmentation fault": (death(-11, Stage.ALLOCATE, ()), Outcome.CRASHED),
    "uncaught exception": (death(-6, Stage.ALLOCATE, ("what():  std::bad_alloc",)), Outcome.OUT_OF_MEMORY),
    "abort": (death(-6, Stage.ALLOCATE, ("GGML_ASSERT(ctx->mem_buffer != NULL) failed",)), Outcome.CRASHED),
    "exit 1": (death(1, Stage.ALLOCATE, ()), Outcome.CRASHED),
    "SIGKILL": (death(-9, Stage.ALLOCATE, ()), Outcome.KILLED),
    "hang": (silence(Stage.ALLOCATE, 60), Outcome.TIMEOUT),
    "null": (refusal(NULL, Stage.ALLOCATE), Outcome.OUT_OF_MEMORY),
    "device limit": (death(-6, Stage.ALLOCATE, (LIMIT,)), Outcome.REFUSED),
    "MemoryError": (refusal(Failure("memory", "", ()), Stage.ALLOCATE), Outcome.OUT_OF_MEMORY),
}


@pytest.mark.parametrize("case", CASES)
def test_each_failure_has_its_word_and_means_that_this_context_does_not_fit(case: str) -> None:
    error, outcome = CASES[case]
    assert outcome_of(error) is outcome
    assert is_of_this_context(error)
    assert detail_of(error).endswith(".")


@pytest.mark.parametrize(
    "error",
    [
        EngineMissing("There is none.", hint="Install it."),
        EngineUnfit("It is too old.", hint="Update it."),
        refusal(Failure("request", "A model with an encoder cannot be proved.", ()), Stage.ALLOCATE),
        refusal(Failure("engine", "", ("quantized V cache requires flash_attn",)), Stage.ALLOCATE),
    ],
    ids=lambda error: error.code,
)
def test_some_failures_are_no_question_of_size(error: EngineError) -> None:
    assert not is_of_this_context(error)


def test_a_limit_of_the_device_is_told_as_one() -> None:
    error, _ = CASES["device limit"]
    assert error.code == DEVICE_LIMIT
    assert "cache_k_l0" in detail_of(error)
    assert "not of its memory" in detail_of(error)
