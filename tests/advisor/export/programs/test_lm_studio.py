import json
from dataclasses import replace

import pytest

from advisor.errors import SettingsError
from advisor.export.choices import Flavour
from advisor.export.export import Export
from advisor.export.programs.lm_studio import model_key
from advisor.export.registry import render
from advisor.settings.load_settings import LoadSettings
from advisor.settings.rope import Rope
from tests.support.planning import a_model

FACTS = a_model()
PLAIN = LoadSettings(
    n_ctx=32768,
    runtime="lm-studio",
    n_gpu_layers=33,
    n_seq_max=4,
    cache_type_k="q8_0",
    cache_type_v="q4_0",
    flash_attn="on",
)
FILE = "/home/me/.lmstudio/models/maker/a model-GGUF/x.gguf"


def exported(settings: LoadSettings, flavour: Flavour = "pinned", model_path: str = FILE) -> Export:
    return render("lm-studio", settings, FACTS, model_path=model_path, flavour=flavour)


def fields(export: Export) -> dict[str, object]:
    document = json.loads(export.files[0].text)
    assert set(document) == {"preset", "operation", "load"}
    return {field["key"]: field["value"] for field in document["load"]["fields"]}


def test_a_cache_type_that_lm_studio_rejects_is_refused() -> None:
    with pytest.raises(SettingsError, match="--cache-type-v: LM Studio has no bf16"):
        exported(replace(PLAIN, cache_type_v="bf16"))


def test_the_whole_file() -> None:
    export = exported(PLAIN)
    assert export.files[0].name == "x.gguf.json"
    assert fields(export) == {
        # Otherwise the context length and the layers below are ignored.
        "llm.load.llama.autoFit": False,
        "llm.load.contextLength": 32768,
        "llm.load.llama.acceleration.offloadRatio": "max",
        "llm.load.numParallelSessions": 4,
        "llm.load.useUnifiedKvCache": True,
        "llm.load.offloadKVCacheToGpu": True,
        "llm.load.llama.flashAttention": True,
        "llm.load.llama.evalBatchSize": 2048,
        "llm.load.llama.physicalBatchSize": 512,
        "llm.load.llama.tryMmap": True,
        "llm.load.llama.kCacheQuantizationType": {"checked": True, "value": "q8_0"},
        "llm.load.llama.vCacheQuantizationType": {"checked": True, "value": "q4_0"},
    }
    load = "lms load 'maker/a model-GGUF/x.gguf' --gpu max --context-length 32768"
    assert export.commands == (f"{load} --estimate-only", f"{load} --parallel 4 --yes")
    place = ".internal/user-concrete-model-default-config/maker/a model-GGUF/x.gguf.json"
    assert any(place in note for note in export.notes)
    assert {it.setting for it in export.cannot_express} == {"lms load"}


@pytest.mark.parametrize("n_gpu_layers", [*range(34), 40])
def test_the_share_of_layers_rounds_to_their_number(n_gpu_layers: int) -> None:
    export = exported(replace(PLAIN, n_gpu_layers=n_gpu_layers))
    ratio = fields(export)["llm.load.llama.acceleration.offloadRatio"]
    if n_gpu_layers == 0:
        assert ratio == "off"
    elif n_gpu_layers > 32:
        assert ratio == "max"
    else:
        assert isinstance(ratio, float)
        assert 0 < ratio <= 1
        assert round(32 * ratio) == n_gpu_layers
        assert "--n-gpu-layers" in {it.setting for it in export.cannot_express}


def test_experts_on_the_cpu_are_a_share_too() -> None:
    export = exported(replace(PLAIN, n_cpu_moe=8))
    assert fields(export)["llm.load.numCpuExpertLayersRatio"] == 0.25
    assert "--n-cpu-moe" in {it.setting for it in export.cannot_express}


def test_adjustable_is_pinned_all_the_same_and_that_is_said() -> None:
    export = exported(PLAIN, "adjustable")
    assert fields(export)["llm.load.llama.autoFit"] is False
    assert "--flavour adjustable" in {it.setting for it in export.cannot_express}


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (FILE, "maker/a model-GGUF/x.gguf"),
        ("C:\\Users\\me\\.lmstudio\\models\\maker\\repo\\x.gguf", "maker/repo/x.gguf"),
        ("maker/repo", "maker/repo"),
        ("/somewhere/else/x.gguf", "x.gguf"),
        ("C:\\x.gguf", "x.gguf"),
    ],
)
def test_the_key_of_a_file(path: str, key: str) -> None:
    assert model_key(path) == key


def test_a_file_outside_of_lm_studio_must_be_brought_in() -> None:
    assert any("lms import" in note for note in exported(PLAIN, model_path="/else/x.gguf").notes)
    assert not any("lms import" in note for note in exported(PLAIN).notes)


def test_the_sdk_gets_the_same_in_its_own_words() -> None:
    linear = Rope(scaling="linear", scale=2.5, freq_base=1e6)
    export = exported(replace(PLAIN, n_gpu_layers=16, n_cpu_moe=8, rope=linear))
    assert [file.name for file in export.files] == ["x.gguf.json", "sdk-load-config.json", "rest-load.json"]
    assert json.loads(export.files[1].text) == {
        "autoFit": False,
        "contextLength": 32768,
        "gpu": {"ratio": 0.5, "numCpuExpertLayersRatio": 0.25},
        "maxParallelPredictions": 4,
        "useUnifiedKvCache": True,
        "offloadKVCacheToGpu": True,
        "flashAttention": True,
        "evalBatchSize": 2048,
        "physicalBatchSize": 512,
        "tryMmap": True,
        "llamaKCacheQuantizationType": "q8_0",
        "llamaVCacheQuantizationType": "q4_0",
        "ropeFrequencyBase": 1e6,
        "ropeFrequencyScale": 0.4,
    }
    assert "numCpuExpertLayersRatio" not in json.loads(exported(PLAIN).files[1].text)["gpu"]
    assert any("drops autoFit, maxParallelPredictions" in note for note in export.notes)


def test_the_rest_address_gets_no_word_that_it_refuses() -> None:
    assert json.loads(exported(PLAIN).files[2].text) == {
        "model": "maker/a model-GGUF/x.gguf",
        "context_length": 32768,
        "eval_batch_size": 2048,
        "flash_attention": True,
        "offload_kv_cache_to_gpu": True,
        "echo_load_config": True,
    }
