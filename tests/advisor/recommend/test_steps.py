from dataclasses import replace

import pytest

from advisor.recommend.steps import steps
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from tests.support.planning import a_model


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request(runtime="llama-server", n_ctx=8192, cache_type_k="q8_0", n_gpu_layers=10), 1),
        (Request(runtime="llama-cpp-python", n_ctx=8192, n_gpu_layers=10), 1),
        (Request(runtime="ollama", n_ctx=8192), 1),
        (Request(runtime="ollama", n_ctx=8192, n_gpu_layers=10), 2),
        (Request(runtime="ollama", n_ctx=8192, cache_type_k="q8_0", cache_type_v="q8_0"), 3),
        (Request(runtime="ollama", n_ctx=8192, cache_type_k="q8_0", cache_type_v="q8_0", users=2), 4),
        (Request(runtime="ollama", n_ctx=40960, users=4), 3),
        (Request(runtime="lm-studio", n_ctx=8192), 1),
        (Request(runtime="lm-studio", n_ctx=8192, cache_type_k="q8_0", cache_type_v="q8_0"), 3),
        (Request(runtime="lm-studio", n_ctx=8192, cache_type_k="q8_0", n_gpu_layers=10), 3),
    ],
)
def test_settings_that_the_runtime_would_choose_otherwise_are_counted(
    request_: Request, expected: int
) -> None:
    facts = a_model(131072)
    assert steps(resolve(request_, facts), facts) == expected


def test_a_batch_that_follows_the_context_is_no_step() -> None:
    facts = a_model(131072)
    small, large = (resolve(Request(runtime="ollama", n_ctx=n), facts) for n in (4096, 65536))
    assert small.n_ubatch != large.n_ubatch
    assert steps(small, facts) == steps(large, facts) == 1
    assert steps(replace(large, n_ubatch=512), facts) == 2
