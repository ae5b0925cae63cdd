"""What was exported for LM Studio, read by its own SDKs: @lmstudio/sdk under node, lmstudio in Python."""

import json
from dataclasses import replace
from typing import Any

import pytest
from lmstudio._kv_config import load_config_to_kv_config_stack
from lmstudio._sdk_models import LlmLoadModelConfig
from msgspec import ValidationError

from advisor.export.capabilities import CAPABILITIES
from advisor.export.programs.lm_studio_api import NOT_IN_PYTHON
from advisor.export.registry import render
from advisor.settings.load_settings import LoadSettings
from advisor.settings.rope import Rope
from tests.support.export_settings import EVERYTHING, PLAIN
from tests.support.planning import a_model
from tests.support.readers import answers

FACTS = a_model()
LINEAR = replace(PLAIN, n_gpu_layers=16, rope=Rope(scaling="linear", scale=2.5, freq_base=1e6))
SETTINGS = (
    PLAIN,
    EVERYTHING,
    LINEAR,
    replace(PLAIN, n_gpu_layers=0, flash_attn="off"),
    *(replace(PLAIN, cache_type_k=name, cache_type_v=name) for name in CAPABILITIES["lm-studio"].cache_types),
)

# The SDK's words that the Python library passes over, and the fields that they mean.
MEANT = {
    "autoFit": "llm.load.llama.autoFit",
    "maxParallelPredictions": "llm.load.numParallelSessions",
    "useUnifiedKvCache": "llm.load.useUnifiedKvCache",
    "physicalBatchSize": "llm.load.llama.physicalBatchSize",
    "gpu.numCpuExpertLayersRatio": "llm.load.numCpuExpertLayersRatio",
}

Fields = dict[str, object]


def texts(settings: LoadSettings) -> tuple[Fields, dict[str, Any]]:
    """The fields of the default file by their key, and the config of the SDK."""
    export = render(
        "lm-studio",
        replace(settings, runtime="lm-studio"),
        FACTS,
        model_path="/home/models/maker/repo/x.gguf",
    )
    file = json.loads(export.files[0].text)
    return by_key(file["load"]["fields"]), json.loads(export.files[1].text)


def by_key(fields: list[dict[str, object]]) -> Fields:
    found = {str(field["key"]): field["value"] for field in fields}
    assert len(found) == len(fields)
    return found


def as_fields(found: Fields) -> list[dict[str, object]]:
    return [{"key": key, "value": value} for key, value in found.items()]


def test_the_schema_refuses_what_is_wrong() -> None:
    """Else the tests below could not fail."""
    context, cache = "llm.load.contextLength", "llm.load.llama.kCacheQuantizationType"
    wrong = [
        *({"fields": as_fields({key: value})} for key, value in ((context, -1), (cache, "q8_0"))),
        {"fields": as_fields({cache: {"checked": True, "value": "bf16"}})},
        *({"config": config} for config in ({"gpu": {"ratio": 1.5}}, {"autoFit": True, "contextLength": 5})),
    ]
    assert all("refused" in answer for answer in answers("lm_studio_schema.cjs", wrong))
    (unknown,) = answers("lm_studio_schema.cjs", [{"fields": as_fields({f"{context}s": 1})}])
    assert unknown["read"] == {"unknown": [f"{context}s"]}


def test_the_schema_accepts_the_file_and_makes_the_same_of_the_sdks_words() -> None:
    said = [texts(settings) for settings in SETTINGS]
    files = answers("lm_studio_schema.cjs", [{"fields": as_fields(fields)} for fields, _ in said])
    assert files == [{"read": {"unknown": []}}] * len(said)
    configs = answers("lm_studio_schema.cjs", [{"config": config} for _, config in said])
    for (fields, config), answer in zip(said, configs, strict=True):
        assert answer["read"]["understood"] == config  # no word was passed over
        made = by_key(answer["read"]["fields"])
        others = {key for key in made if key.endswith(".autoFit") and ".llama." not in key}
        assert {key: value for key, value in made.items() if key not in others} == fields


@pytest.mark.parametrize(
    "wrong",
    [
        {"contextLength": 0},
        {"llamaVCacheQuantizationType": "bf16"},
        {"gpu": {"ratio": 1.5}},
        {"evalBatchSize": "512"},
    ],
)
def test_the_python_library_refuses_what_is_wrong(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        load_config_to_kv_config_stack(wrong, LlmLoadModelConfig)


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_python_library_makes_the_same_of_what_it_knows(settings: LoadSettings) -> None:
    fields, config = texts(settings)
    (layer,) = load_config_to_kv_config_stack(config, LlmLoadModelConfig).to_dict()["layers"]
    made = by_key([dict(field) for field in layer["config"]["fields"]])
    split = made.pop("load.gpuSplitConfig")  # which it always adds beside a ratio: LM Studio's own default
    assert split == {"strategy": "evenly", "disabledGpus": [], "priority": [], "customRatio": []}
    assert made.items() <= fields.items()
    assert set(MEANT) == set(NOT_IN_PYTHON)
    assert fields.keys() - made.keys() == set(MEANT.values()) & fields.keys()
