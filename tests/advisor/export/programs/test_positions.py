"""--rope-*, --yarn-* and --device in each runtime's words, or said to be missing there."""

import json

import pytest

from advisor.export.export import Export
from advisor.export.registry import render
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.settings.rope import Rope
from tests.support.planning import a_model

MODEL = a_model(n_ctx_train=32768)
YARN = Rope(
    scaling="yarn",
    scale=2.5,
    freq_base=1e6,
    yarn_orig_ctx=32768,
    yarn_ext_factor=-1,
    yarn_attn_factor=1,
    yarn_beta_slow=2,
    yarn_beta_fast=16,
)


def exported(runtime: str, rope: Rope = YARN, **asked: object) -> Export:
    settings = resolve(Request(runtime=runtime, n_ctx=81920, rope=rope, **asked), MODEL)
    return render(runtime, settings, MODEL, model_path="model.gguf")


def missing(export: Export) -> str:
    return " ".join(it.setting for it in export.cannot_express)


def test_llama_server_has_every_word_and_variable() -> None:
    export = exported("llama-server", devices=("CUDA1", "CUDA0"))
    line = export.commands[0].replace("'", "")
    # common/arg.cpp
    for words in (
        "-dev CUDA1,CUDA0",
        "--rope-scaling yarn",
        "--rope-scale 2.5",
        "--rope-freq-base 1000000",
        "--yarn-orig-ctx 32768",
        "--yarn-ext-factor -1",
        "--yarn-attn-factor 1",
        "--yarn-beta-slow 2",
        "--yarn-beta-fast 16",
    ):
        assert f" {words}" in line
    environment = export.environment
    assert environment["LLAMA_ARG_DEVICE"] == "CUDA1,CUDA0"
    assert environment["LLAMA_ARG_ROPE_SCALING_TYPE"] == "yarn"
    assert environment["LLAMA_ARG_ROPE_SCALE"] == "2.5"
    assert environment["LLAMA_ARG_ROPE_FREQ_BASE"] == "1000000"
    assert environment["LLAMA_ARG_YARN_ORIG_CTX"] == "32768"
    assert environment["LLAMA_ARG_YARN_BETA_FAST"] == "16"
    assert not missing(export)
    assert not any("caps each slot" in note for note in export.notes)  # YaRN raises that limit


def test_linear_scaling_does_not_keep_llama_server_from_capping() -> None:
    export = exported("llama-server", Rope(scaling="linear", scale=2.5))
    assert any("caps each slot" in note for note in export.notes)


def test_an_adjustable_command_keeps_the_devices() -> None:
    settings = resolve(Request(n_ctx=4096, devices=("CUDA1",)), MODEL)
    export = render("llama-server", settings, MODEL, model_path="m.gguf", flavour="adjustable")
    assert "-dev CUDA1" in export.commands[0]


@pytest.mark.engine
def test_llama_cpp_python_knows_every_argument() -> None:
    import inspect

    from llama_cpp import LLAMA_ROPE_SCALING_TYPE_YARN, Llama

    export = exported("llama-cpp-python", devices=("CUDA1",))
    (model,) = json.loads(export.files[1].text)["models"]
    assert model["rope_scaling_type"] == LLAMA_ROPE_SCALING_TYPE_YARN
    assert model["rope_freq_scale"] == 0.4
    assert model["yarn_orig_ctx"] == 32768
    assert {name for name in model if name.startswith(("rope", "yarn"))} <= set(
        inspect.signature(Llama).parameters
    )
    assert missing(export) == "--device"


def test_ollama_has_no_word_for_either() -> None:
    export = exported("ollama", devices=("CUDA1",))
    assert "--device" in missing(export)
    assert "--rope" in missing(export)


def test_lm_studio_has_the_frequencies_alone() -> None:
    export = exported("lm-studio", devices=("CUDA1",))
    fields = {it["key"]: it["value"] for it in json.loads(export.files[0].text)["load"]["fields"]}
    assert fields["llm.load.llama.ropeFrequencyBase"] == {"checked": True, "value": 1e6}
    assert "llm.load.llama.ropeFrequencyScale" not in fields
    assert "--yarn-orig-ctx" in missing(export)
    assert "--rope-scaling" in missing(export)
    assert "--device" in missing(export)
    linear = exported("lm-studio", Rope(scaling="linear", scale=2.5))
    fields = {it["key"]: it["value"] for it in json.loads(linear.files[0].text)["load"]["fields"]}
    assert fields["llm.load.llama.ropeFrequencyScale"] == {"checked": True, "value": 0.4}
    assert "--rope" not in missing(linear)
