"""What the engine refuses, dry: settings, files, memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from advisor.basis import Basis
from advisor.engine.client import EngineClient
from advisor.engine.dry_run import dry_run
from advisor.errors import EngineRefused
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.units import MiB

pytestmark = pytest.mark.engine

SETTINGS = LoadSettings(n_ctx=4096)
Head = Callable[[str], ModelFacts]


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("laguna-moe", {"cache_type_k": "q8_0", "cache_type_v": "q8_0"}, "cache-type-refused"),
        ("llama-moe", {"cache_type_v": "q8_0", "flash_attn": "off"}, "cache-type-refused"),
        ("llama-moe", {"cache_type_k": "q4_K"}, "engine-request"),
        ("llama-moe", {"n_ctx": 2**30}, "engine-request"),
        ("llama-moe", {"n_seq_max": 4}, "engine-request"),
        ("llama-moe", {"flash_attn": "perhaps"}, "engine-request"),
        ("llama-moe", {"split_mode": "in two"}, "engine-request"),
        ("llama-moe", {"override_tensor": (("exps", "CUDA0"),)}, "engine-request"),
        ("llama-moe", {"override_tensor": (("(", "CPU"),)}, "engine-refused"),
        ("llama-moe", {"tensor_split": (1.0,) * 100}, "engine-request"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    engine: EngineClient, head: Head, name: str, change: dict[str, Any], code: str
) -> None:
    facts = head(name)
    with pytest.raises(EngineRefused) as raised:
        dry_run(engine, facts, replace(SETTINGS, **change))
    assert raised.value.code == code
    assert dry_run(engine, facts, SETTINGS).basis is Basis.ENGINE


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model", b"GGUF\3\0\0\0" + b"\xff" * 100])
def test_a_file_that_is_no_model_is_refused(
    engine: EngineClient, head: Head, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(content)
    with pytest.raises(EngineRefused) as raised:
        dry_run(engine, replace(head("llama-moe"), path=file), SETTINGS)
    assert raised.value.message.startswith("llama.cpp refuses")


def test_a_truncated_model_and_an_unknown_architecture_are_named(engine: EngineClient, head: Head) -> None:
    facts = head("llama-moe")
    assert facts.path is not None
    content = facts.path.read_bytes()
    facts.path.write_bytes(content[:-4096])
    with pytest.raises(EngineRefused) as raised:
        dry_run(engine, facts, SETTINGS)
    assert raised.value.code == "model-truncated"
    facts.path.write_bytes(content.replace(b"llama", b"xyzab"))
    with pytest.raises(EngineRefused, match="xyzab") as raised:
        dry_run(engine, facts, SETTINGS)
    assert raised.value.code == "unknown-architecture"


def test_a_cap_on_memory_is_a_refusal(head: Head) -> None:
    facts = head("mamba2-dense")
    with EngineClient(allowance_bytes=32 * MiB) as client:
        assert dry_run(client, facts, SETTINGS).basis is Basis.ENGINE
        many = replace(SETTINGS, n_seq_max=256, n_outputs_max=256)
        with pytest.raises(EngineRefused) as raised:
            dry_run(client, facts, many)
        assert raised.value.code == "engine-out-of-memory"
