"""What LM Studio has loaded: broken answers first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from advisor.errors import AdvisorError
from advisor.export.asking.answer import Loaded
from advisor.export.loaded import ask
from tests.support.answering_server import answering

CONFIG = {
    "context_length": 4096,
    "eval_batch_size": 512,
    "flash_attention": False,
    "offload_kv_cache_to_gpu": True,
}
# As its documentation shows one (lmstudio-ai/docs: 1_developer/2_rest/list.md).
GEMMA = {
    "type": "llm",
    "publisher": "lmstudio-community",
    "key": "gemma-3-270m-it-qat",
    "architecture": "gemma3",
    "quantization": {"name": "Q4_0", "bits_per_weight": 4},
    "size_bytes": 241_410_208,
    "loaded_instances": [{"id": "gemma-3-270m-it-qat", "config": {"context_length": 4096}}],
    "format": "gguf",
}
ON_THE_DISK = {"type": "embedding", "key": "nomic", "quantization": None, "loaded_instances": []}


def body(*models: object) -> bytes:
    return json.dumps({"models": models}).encode()


@pytest.mark.parametrize(
    "answer",
    [
        *(b"[]", b'{"error": "Unexpected endpoint"}', b'{"models": {}}', body(5), body({}), body([])),
        *(body({"loaded_instances": 5}), body({"loaded_instances": [5]}), body({"loaded_instances": [{}]})),
        *(body({"loaded_instances": [{"id": "a"}]}), body({"loaded_instances": [{"id": 5, "config": {}}]})),
    ],
)
def test_what_is_not_lm_studios_is_one_sentence(answer: bytes) -> None:
    with answering(answer) as (address, _), pytest.raises(AdvisorError, match="not LM Studio's"):
        ask("lm-studio", address)


def test_a_server_that_is_off_has_a_hint() -> None:
    with answering(b"") as (address, _):
        pass  # a port that nothing listens on any more
    with pytest.raises(AdvisorError, match="could not be found out") as caught:
        ask("lm-studio", address)
    assert "lms server start" in caught.value.hint


@pytest.mark.parametrize(
    "strange",
    [{"size_bytes": "1 GB", "key": 5}, {"quantization": {"name": None}, "architecture": None}, {"key": ""}],
)
def test_what_it_does_not_say_is_none(strange: dict[str, Any]) -> None:
    instance = {"id": "a", "config": {"context_length": "8k", "flash_attention": 1}}
    with answering(body({"loaded_instances": [instance], **strange})) as (address, _):
        assert ask("lm-studio", address) == (Loaded("a", None),)


def test_each_instance_is_one_and_what_is_on_the_disk_alone_none() -> None:
    both = {**GEMMA, "loaded_instances": [*GEMMA["loaded_instances"], {"id": "mine", "config": CONFIG}]}
    with answering(body(ON_THE_DISK, both)) as (address, asked):
        first, second = ask("lm-studio", address)
    assert asked == ["/api/v1/models"]
    assert first == Loaded(
        "gemma-3-270m-it-qat",
        4096,
        file_bytes=241_410_208,
        architecture="gemma3",
        quantization="Q4_0",
        names=("gemma-3-270m-it-qat",),
    )
    assert (second.name, second.flash_attn, second.offload_kqv) == ("mine", False, True)


def test_nothing_loaded_is_an_answer() -> None:
    with answering(body(ON_THE_DISK)) as (address, _):
        assert ask("lm-studio", address) == ()
