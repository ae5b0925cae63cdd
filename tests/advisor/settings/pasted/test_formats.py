import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import UsageError
from advisor.settings.pasted.reading import read_pasted
from advisor.settings.request import ALL_LAYERS
from advisor.settings.rope import Rope
from tests.support.planning import a_model

MODEL = a_model()


def defaults(**fields: object) -> str:
    keys = [{"key": key, "value": value} for key, value in fields.items()]
    return json.dumps({"preset": "", "operation": {"fields": []}, "load": {"fields": keys}})


def test_too_much_is_refused_before_it_is_read() -> None:
    with pytest.raises(UsageError, match="1 MiB"):
        read_pasted("llama-server -m x" + " " * (1 << 20))
    with pytest.raises(UsageError, match="1 MiB"):
        read_pasted("é" * (1 << 19) + "x")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        '{"a": 1}',
        "[" * 5000,
        '{"a":' * 5000,
        '{"options": 3}',
        '{"options": {"num_ctx": "many"}}',
        '{"options": {"num_ctx": 1e300}}',
        '{"options": {"num_ctx": true}}',
        '{"num_ctx": -5}',
        '{"load": {"fields": [1]}}',
        '{"load": {"fields": [{"key": 1, "value": 2}]}}',
        '{"model_param": "x", "quantkv": [1]}',
        '{"model_param": "x", "quantkv": 7}',
        '{"model_param": "x", "contextsize": "8k"}',
        '{"model_param": "x", "maingpu": "first"}',
        '{"model_param": "x", "tensor_split": ["3", 1]}',
        "FROM x\nPARAMETER num_ctx 4096 # hi",
        'FROM x\nSYSTEM """never ends',
        "FROM x\nPARAMETER use_mmap perhaps",
        defaults(**{"llm.load.llama.kCacheQuantizationType": "q8_0"}),
        defaults(**{"llm.load.llama.autoFit": False, "llm.load.contextLength": -1}),
        defaults(**{"llm.load.llama.autoFit": "no"}),
        defaults(**{"llm.load.llama.autoFit": False, "llm.load.llama.acceleration.offloadRatio": 1.5}),
    ],
)
def test_what_its_program_would_refuse_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_pasted(text)
    assert caught.value.message.endswith(".")
    assert caught.value.hint


@given(st.text(max_size=300))
def test_no_text_does_harm(text: str) -> None:
    for whole in (text, f"llama-server {text}", f"FROM x\n{text}", f'{{"options": {text}}}'):
        try:
            read_pasted(whole)
        except UsageError:
            continue


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(
            (
                *("num_ctx", "num_gpu", "main_gpu", "use_mmap", "options", "model", "model_param"),
                *("contextsize", "gpulayers", "quantkv", "tensor_split", "load", "usemmap"),
                *("maingpu", "splitmode", "device", "ropeconfig", "lora", "draftgpulayers", "batchsize"),
            )
        ),
        JSON,
    )
)
def test_no_json_does_harm(document: dict[str, object]) -> None:
    try:
        read_pasted(json.dumps(document))
    except UsageError:
        return


@given(st.dictionaries(st.sampled_from(["llm.load.contextLength", "llm.load.llama.autoFit"]), JSON))
def test_no_default_file_does_harm(fields: dict[str, object]) -> None:
    try:
        read_pasted(defaults(**fields))
    except UsageError:
        return


def test_a_modelfile_says_what_ollama_would_do() -> None:
    pasted = read_pasted(
        '# mine\r\nfrom "./my model.gguf"\r\nADAPTER a.gguf\r\nPARAMETER num_ctx 8192\r\n'
        "PARAMETER num_gpu -1\r\n"
        "parameter main_gpu 1\r\nPARAMETER temperature 0.7\r\nPARAMETER use_mlock true\r\n"
        "PARAMETER num_cxt 5\r\n"
        'SYSTEM """\r\nPARAMETER num_ctx 1\r\nFROM y\r\n"""\r\nTEMPLATE "{{ .Prompt }}"\r\n'
    )
    assert (pasted.format, pasted.model, pasted.beside.adapters) == (
        "ollama-modelfile",
        "./my model.gguf",
        ("a.gguf",),
    )
    asked = pasted.request
    assert (asked.runtime, asked.n_ctx, asked.n_gpu_layers) == ("ollama", 8192, None)
    assert (asked.main_gpu, asked.split_mode) == (1, "none")  # llm/llama_server.go: appendMainGPUArgs
    assert pasted.unknown == ("num_cxt",)
    assert {"dropped-option", "unknown-parameter", "server-assumed"} <= {note.code for note in pasted.notes}
    assert pasted.layers_by_runtime
    assert not pasted.context_by_runtime


def test_variables_of_its_server_may_stand_before() -> None:
    pasted = read_pasted(
        '[Service]\nEnvironment="OLLAMA_KV_CACHE_TYPE=q8_0"\nexport OLLAMA_NUM_PARALLEL=4\n'
        "OLLAMA_FLASH_ATTENTION=1\nOLLAMA_CONTEXT_LENGTH=16384\nFROM llama3.1:8b\n"
    )
    asked = pasted.request
    assert (asked.cache_type_k, asked.cache_type_v, asked.n_seq_max) == ("q8_0", "q8_0", 4)
    assert (asked.flash_attn, asked.n_ctx, pasted.model) == ("on", 16384, "llama3.1:8b")
    assert read_pasted("FROM llama3.1:8b").context_by_runtime


def test_options_of_the_api() -> None:
    request = {
        "model": "llama3.1:8b",
        "prompt": "hi",
        "options": {"num_ctx": 32768.0, "num_gpu": 20, "top_k": 1},
    }
    pasted = read_pasted(json.dumps(request))
    assert (pasted.format, pasted.model) == ("ollama-options", "llama3.1:8b")
    assert (pasted.request.n_ctx, pasted.request.n_gpu_layers, pasted.unknown) == (32768, 20, ())
    assert read_pasted('{"num_ctx": 4096, "num_thing": 1}').unknown == ("num_thing",)


def test_auto_fit_ignores_what_stands_beside_it() -> None:
    fields = {"llm.load.contextLength": 32768, "llm.load.llama.acceleration.offloadRatio": 0.5}
    pasted = read_pasted(defaults(**fields))
    assert (pasted.request.n_ctx, pasted.gpu_share, pasted.context_by_runtime) == (None, None, True)
    assert {note.code for note in pasted.notes} == {"auto-fit"}
    pinned = read_pasted(defaults(**fields, **{"llm.load.llama.autoFit": False}))
    assert (pinned.request_for(MODEL).n_ctx, pinned.request_for(MODEL).n_gpu_layers) == (32768, 16)
    assert not pinned.layers_by_runtime


@pytest.mark.parametrize(("ratio", "layers"), [("max", ALL_LAYERS), ("off", 0), (1, 32), (0, 0), (0.328, 10)])
def test_a_share_is_of_the_models_blocks(ratio: object, layers: int) -> None:
    fields = {"llm.load.llama.autoFit": False, "llm.load.llama.acceleration.offloadRatio": ratio}
    pasted = read_pasted(defaults(**fields, **{"llm.load.numExperts": 4}))
    assert pasted.request_for(MODEL).n_gpu_layers == layers
    assert pasted.unknown == ("llm.load.numExperts",)


def test_an_unchecked_choice_says_nothing() -> None:
    unchecked = {"checked": False, "value": "q8_0"}
    pasted = read_pasted(defaults(**{"llm.load.llama.kCacheQuantizationType": unchecked}))
    assert pasted.request.cache_type_k is None


def test_settings_of_koboldcpp() -> None:
    saved = {"model_param": "/m/x.gguf", "contextsize": 8192, "gpulayers": 20, "quantkv": 1, "batchsize": 256}
    pasted = read_pasted(json.dumps({**saved, "flashattention": False, "lowvram": True, "mmproj": ""}))
    asked = pasted.request
    assert (pasted.format, pasted.model, pasted.beside.projector) == ("kcpps", "/m/x.gguf", None)
    assert (asked.n_ctx, asked.n_gpu_layers, asked.cache_type_k, asked.n_ubatch) == (8320, 20, "q8_0", 256)
    assert (asked.use_mmap, asked.offload_kqv, asked.n_seq_max) == (False, False, 1)
    assert read_pasted('{"model_param": "x", "gpulayers": -1, "quantkv": "q4_0"}').layers_by_runtime


def test_what_koboldcpp_says_of_gpus_and_companions() -> None:
    saved = {
        "model_param": "x",
        "maingpu": 1,
        "splitmode": "row",
        "device": "CUDA1, CUDA0",
        "tensor_split": [2.5, 1],
        "lora": ["a.gguf"],
        "draftmodel": "d.gguf",
        "draftgpulayers": 3,
        "batchsize": -1,
    }
    pasted = read_pasted(json.dumps(saved))
    asked, beside = pasted.request, pasted.beside
    assert (asked.main_gpu, asked.split_mode, asked.devices) == (1, "row", ("CUDA1", "CUDA0"))
    assert (asked.tensor_split, asked.n_batch) == ((2.5, 1.0), None)
    assert (beside.adapters, beside.draft, beside.draft_gpu_layers) == (("a.gguf",), "d.gguf", 3)


@pytest.mark.parametrize(
    ("config", "rope"),
    [
        ([0.0, 10000.0], Rope()),
        ([0.5, 1e6], Rope(freq_scale=0.5, freq_base=1e6)),
        ([0.5], Rope(freq_scale=0.5, freq_base=1e4)),
        ([], Rope()),
        (["a", None], Rope()),
        ([10**400, 1], Rope()),
    ],
)
def test_positions_in_koboldcpps_words(config: list[object], rope: Rope) -> None:
    assert read_pasted(json.dumps({"model_param": "x", "ropeconfig": config})).request.rope == rope
