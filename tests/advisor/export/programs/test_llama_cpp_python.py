import ast
import json
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.export.choices import Shell
from advisor.export.export import Export
from advisor.export.registry import render
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings
from tests.support.planning import a_model

FACTS = a_model()
PLAIN = LoadSettings(
    n_ctx=32768,
    runtime="llama-cpp-python",
    n_batch=512,
    n_gpu_layers=33,
    kv_unified=False,
    swa_full=True,
    flash_attn="off",
)


def exported(settings: LoadSettings, model_path: str = "/m/x.gguf") -> Export:
    return render("llama-cpp-python", settings, FACTS, model_path=model_path)


def arguments(export: Export) -> dict[str, object]:
    """The keyword arguments of the one call in the code."""
    calls = [node for node in ast.walk(ast.parse(export.files[0].text)) if isinstance(node, ast.Call)]
    assert len(calls) == 1
    assert ast.unparse(calls[0].func) == "Llama"
    return {str(word.arg): ast.literal_eval(word.value) for word in calls[0].keywords}


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1))
def test_any_path_reads_back_from_code_and_from_json(path: str) -> None:
    export = exported(PLAIN, model_path=path)
    assert arguments(export)["model_path"] == path
    assert json.loads(export.files[1].text)["models"][0]["model"] == path


def test_every_setting_is_said() -> None:
    export = exported(PLAIN)
    assert export.files[0].text.startswith(
        "# Generated for llama-cpp-python 0.3.36.\nfrom llama_cpp import Llama\n\nmodel = Llama(\n"
    )
    assert arguments(export) == {
        "model_path": "/m/x.gguf",
        "n_ctx": 32768,
        "n_batch": 512,
        "n_ubatch": 512,
        "n_gpu_layers": 33,
        "split_mode": 1,
        "main_gpu": 0,
        "tensor_split": None,
        "offload_kqv": True,
        "op_offload": True,
        "flash_attn": False,
        "swa_full": True,
        "type_k": 1,
        "type_v": 1,
        "use_mmap": True,
        "use_mlock": False,
        "logits_all": False,
    }
    assert export.cannot_express == ()


def test_the_server_gets_the_same_but_for_what_it_does_not_know() -> None:
    export = exported(replace(PLAIN, tensor_split=(3.0, 1.0), op_offload=False))
    server = json.loads(export.files[1].text)["models"][0]
    code = arguments(export)
    assert set(code) - set(server) == {"model_path", "op_offload", "swa_full"}
    assert {name: value for name, value in server.items() if name != "model"} == {
        name: value for name, value in code.items() if name in server
    }
    assert "--no-op-offload" in {it.setting for it in export.cannot_express}


def test_a_quantized_v_cache_comes_with_flash_attention() -> None:
    values = arguments(exported(replace(PLAIN, cache_type_k="q8_0", cache_type_v="q4_0")))
    assert (values["flash_attn"], values["type_k"], values["type_v"]) == (True, 8, 2)


def test_auto_is_not_a_word_there() -> None:
    export = exported(replace(PLAIN, flash_attn="auto"))
    assert arguments(export)["flash_attn"] is True
    assert "--flash-attn auto" in {it.setting for it in export.cannot_express}


def test_windowed_layers_take_more_in_the_server_and_that_is_said() -> None:
    attention = FACTS.layers[0].attention
    assert attention is not None
    windowed = (replace(FACTS.layers[0], attention=replace(attention, window=512)), *FACTS.layers[1:])
    small = replace(PLAIN, swa_full=False)
    for layers, said in ((windowed, {"--no-swa-full"}), (FACTS.layers, set[str]())):
        export = render("llama-cpp-python", small, replace(FACTS, layers=layers), model_path="x.gguf")
        assert {it.setting for it in export.cannot_express} == said


# The library has no constant for bf16; its number is ggml.h's.
NAMED_THERE = tuple(name for name in CACHE_TYPES if name != "bf16")


@pytest.mark.engine
def test_the_library_has_every_argument_and_the_numbers_of_the_types() -> None:
    program = (
        "import inspect, json, llama_cpp; "
        f"names = {NAMED_THERE!r}; "
        "print(json.dumps([list(inspect.signature(llama_cpp.Llama.__init__).parameters), "
        "{name: getattr(llama_cpp, 'GGML_TYPE_' + name.upper()) for name in names}]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    parameters, numbers = json.loads(done.stdout)
    assert set(arguments(exported(PLAIN))) <= set(parameters)
    for name in NAMED_THERE:
        assert arguments(exported(replace(PLAIN, cache_type_k=name)))["type_k"] == numbers[name]


@pytest.mark.parametrize(
    ("shell", "words"),
    [
        ("sh", "'llama-cpp-python[server]==0.3.36'"),
        ("powershell", "'llama-cpp-python[server]==0.3.36'"),
        ("cmd", '"llama-cpp-python[server]==0.3.36"'),
    ],
)
def test_what_to_install_is_quoted_for_the_shell(shell: Shell, words: str) -> None:
    export = render("llama-cpp-python", PLAIN, FACTS, model_path="x", shell=shell)
    assert any(note.endswith(f"pip install {words}") for note in export.notes)


@pytest.mark.parametrize("n_gpu_layers", [0, 5])
def test_layers_on_a_gpu_need_a_build_that_has_one(n_gpu_layers: int) -> None:
    settings = replace(PLAIN, n_gpu_layers=n_gpu_layers)
    export = render("llama-cpp-python", settings, FACTS, model_path="x")
    assert any("CMAKE_ARGS" in note for note in export.notes) == bool(n_gpu_layers)
