"""What we export, pasted back, is the same load."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import UsageError
from advisor.export.choices import SHELLS
from advisor.export.quoting import command_line
from advisor.export.registry import render
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings
from advisor.settings.pasted.reading import read_pasted
from advisor.settings.pasted.words import lines_of
from advisor.settings.request import ALL_LAYERS, Request
from advisor.settings.resolve import resolve
from advisor.settings.rope import Rope
from tests.support.planning import a_model

MODEL = a_model()
QUANTIZED = {"q8_0", "q5_1", "q5_0", "q4_1", "iq4_nl", "q4_0"}


def maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


POSITIONS = st.builds(
    Rope,
    scaling=maybe(st.sampled_from(["none", "linear", "yarn"])),
    scale=maybe(st.integers(101, 800).map(lambda n: n / 100)),
    freq_base=maybe(st.sampled_from([10000.0, 500000.0, 1e6])),
    yarn_orig_ctx=maybe(st.integers(256, 131072)),
    yarn_ext_factor=maybe(st.sampled_from([-1.0, 0.0, 1.0])),
    yarn_beta_fast=maybe(st.sampled_from([32.0, 16.5])),
)
ANY = {
    "n_ctx": st.integers(1, 262144),
    "n_batch": maybe(st.integers(1, 4096)),
    "n_ubatch": maybe(st.integers(1, 4096)),
    "n_gpu_layers": maybe(st.sampled_from([ALL_LAYERS, 0, 1, 12, 32, 33])),
    "use_mmap": maybe(st.booleans()),
}
FOR_LLAMA_SERVER = st.builds(
    Request,
    runtime=st.just("llama-server"),
    **ANY,
    n_seq_max=maybe(st.integers(2, 8)),
    kv_unified=st.none(),
    swa_full=maybe(st.booleans()),
    cache_type_k=st.sampled_from(CACHE_TYPES),
    cache_type_v=st.sampled_from(CACHE_TYPES),
    flash_attn=st.just("on"),
    offload_kqv=maybe(st.booleans()),
    op_offload=maybe(st.booleans()),
    n_cpu_moe=maybe(st.integers(0, 32)),
    override_tensor=st.sampled_from([(), ((r"blk\.1.\.ffn_.*_exps", "CPU"), ("attn", "CUDA0"))]),
    split_mode=st.sampled_from([None, "none", "row"]),
    main_gpu=maybe(st.integers(0, 3)),
    tensor_split=st.sampled_from([(), (3.0, 1.0), (0.25, 0.75)]),
    devices=st.sampled_from([(), ("CUDA0",), ("CUDA1", "CUDA0"), ("none",)]),
    rope=POSITIONS,
)


def pasted_settings(text: str) -> LoadSettings:
    return resolve(read_pasted(text).request_for(MODEL), MODEL)


@given(FOR_LLAMA_SERVER, st.booleans(), st.sampled_from(SHELLS))
def test_a_llama_server_command_comes_back(request: Request, unified: bool, shell: str) -> None:
    if request.n_seq_max:
        request = replace(request, kv_unified=unified)
    settings = resolve(request, MODEL)
    export = render("llama-server", settings, MODEL, model_path="/models/my model.gguf", shell=shell)
    for text in (export.commands[0], export.files[0].text):
        pasted = read_pasted(text, shell)
        assert pasted.model == "/models/my model.gguf"
        assert not pasted.unknown
        assert not pasted.context_by_runtime
        assert not pasted.layers_by_runtime
        assert resolve(pasted.request_for(MODEL), MODEL) == settings


@given(FOR_LLAMA_SERVER)
def test_its_environment_says_the_same(request: Request) -> None:
    # The one setting that has no variable.
    settings = resolve(replace(request, op_offload=None), MODEL)
    export = render("llama-server", settings, MODEL, model_path="m.gguf")
    words = command_line(
        (*(f"{name}={value}" for name, value in export.environment.items()), "llama-server"), "sh"
    )
    pasted = read_pasted(words)
    assert pasted.model == "m.gguf"
    assert pasted_settings(words) == settings


@given(
    st.builds(
        Request,
        runtime=st.just("ollama"),
        **{**ANY, "n_ubatch": st.none()},
        cache_type_k=maybe(st.sampled_from(CACHE_TYPES)),
        flash_attn=st.sampled_from(["on", None]),
        n_seq_max=maybe(st.integers(1, 4)),
    ),
    st.sampled_from([None, 1, 3]),
)
def test_a_modelfile_comes_back(request: Request, main_gpu: int | None) -> None:
    if request.cache_type_k in QUANTIZED:
        request = replace(request, flash_attn="on")
    if main_gpu:
        request = replace(request, main_gpu=main_gpu, split_mode="none")
    settings = resolve(request, MODEL)
    export = render("ollama", settings, MODEL, model_path="/models/my model.gguf")
    server = "".join(f"{name}={value}\n" for name, value in export.environment.items())
    pasted = read_pasted(server + export.files[0].text)
    assert pasted.model == "/models/my model.gguf"
    assert pasted_settings(server + export.files[0].text) == settings
    unit = next((file.text for file in export.files if file.name.endswith(".conf")), "")
    assert pasted_settings(unit + export.files[0].text) == settings
    if not export.environment:
        assert pasted_settings(export.files[1].text) == settings


@given(
    st.builds(
        Request,
        runtime=st.just("lm-studio"),
        **{**ANY, "n_gpu_layers": st.sampled_from([ALL_LAYERS, 0, 1, 12, 31, 32])},
        cache_type_k=st.sampled_from([name for name in CACHE_TYPES if name != "bf16"]),
        cache_type_v=st.sampled_from([name for name in CACHE_TYPES if name != "bf16"]),
        flash_attn=st.sampled_from(["on"]),
        n_seq_max=maybe(st.integers(1, 8)),
        kv_unified=maybe(st.booleans()),
        offload_kqv=maybe(st.booleans()),
        n_cpu_moe=maybe(st.integers(0, 32)),
        rope=st.builds(Rope, freq_base=maybe(st.just(500000.0)), freq_scale=maybe(st.just(0.25))),
    )
)
def test_a_default_file_of_lm_studio_comes_back(request: Request) -> None:
    settings = resolve(request, MODEL)
    export = render("lm-studio", settings, MODEL, model_path="publisher/repository/model.gguf")
    pasted = read_pasted(export.files[0].text)
    assert not pasted.unknown
    assert not pasted.context_by_runtime
    assert pasted_settings(export.files[0].text) == settings


@given(st.lists(st.text(st.characters(min_codepoint=32, exclude_characters="\x7f"), max_size=20), max_size=6))
def test_words_that_were_quoted_for_a_shell_are_the_same_words(words: list[str]) -> None:
    for shell in SHELLS:
        spoken = ["llama-server", *words]
        try:
            line = command_line(spoken, shell)
        except UsageError:  # what cannot be written cannot come back
            continue
        assert lines_of(line, shell) == [spoken], shell


def test_a_file_on_the_disk_is_read_like_its_text(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text(json.dumps({"options": {"num_ctx": 8192}}))
    assert read_pasted(file.read_text()).request.n_ctx == 8192


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_of_our_own_script_is_guessed(shell: str) -> None:
    settings = resolve(Request(n_ctx=4096), MODEL)
    path = "/models/a b.gguf" if shell == "sh" else r"C:\models\a b.gguf"
    export = render("llama-server", settings, MODEL, model_path=path, shell=shell)
    assert read_pasted(export.files[0].text).model == path
    assert read_pasted(export.commands[0]).model == path
