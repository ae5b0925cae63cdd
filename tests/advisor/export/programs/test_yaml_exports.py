"""The exports that are YAML: golden texts, any path, and what each has no word for."""

import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import UsageError
from advisor.export.choices import Flavour
from advisor.export.export import Export
from advisor.export.registry import render
from advisor.memory.companions import Companions
from advisor.model.adapter import Adapter
from advisor.model.projector import Projector
from advisor.settings.load_settings import LoadSettings
from advisor.settings.rope import Rope
from tests.support.planning import a_model
from tests.support.yaml_readers import read_yaml

FACTS = a_model()
PLAIN = LoadSettings(n_ctx=32768, n_gpu_layers=33, flash_attn="on")
QUANTIZED = replace(PLAIN, cache_type_k="q8_0", cache_type_v="q4_0")
YAML_EXPORTS = (
    *("llama-swap", "text-generation-webui", "jan", "localai", "docker-model-runner", "continue", "aider"),
)
PATHS = st.text(
    st.sampled_from(" \"'#:;%$`\\-{}[]()+.ä漢\U0001f999") | st.characters(codec="utf-8"),
    min_size=1,
    max_size=12,
).map(lambda name: f"/m/{name}.gguf")


def exported(
    to: str, settings: LoadSettings = PLAIN, model_path: str = "/m/x.gguf", flavour: Flavour = "pinned"
) -> Export:
    return render(to, settings, FACTS, model_path=model_path, flavour=flavour)


def read(export: Export) -> Any:
    return read_yaml(export.files[0].text)


def where(to: str, document: Any) -> str:
    """The model as this export names it."""
    if to == "llama-swap":
        (model,) = document["models"].values()
        words = shlex.split(model["cmd"].replace("${PORT}", "1"))
        return words[words.index("-m") + 1]
    if to == "jan":
        return str(document["model_path"])
    return str(document["parameters"]["model"])


@pytest.mark.parametrize("to", YAML_EXPORTS)
@given(path=PATHS)
def test_any_path_is_read_alike_by_both_versions_or_refused(to: str, path: str) -> None:
    try:
        document = read(exported(to, model_path=path))
    except UsageError:
        assert not path.isprintable() or any(sign in path for sign in ("#", ";", "${", "\\", "\x7f"))
        return
    if to in {"llama-swap", "jan"}:
        assert where(to, document) == path
    if to == "localai":
        assert where(to, document) == path.replace("\\", "/").rpartition("/")[2]


def test_llama_swap_is_a_command_that_is_cut_without_a_shell() -> None:
    export = exported("llama-swap", QUANTIZED, "/m/Some Model.gguf")
    assert export.files[0] == (
        "config.yaml",
        (
            "# Generated for llama-swap (August 2026) with llama-server of llama.cpp b10434 or newer.\n"
            "models:\n"
            "  Some-Model:\n"
            "    cmd: \"llama-server --port ${PORT} -m '/m/Some Model.gguf' -c 32768 -np 1 -ngl 33 --fit off "
            '-fa on -ctk q8_0 -ctv q4_0"\n'
        ),
    )
    with pytest.raises(UsageError, match="macro"):
        exported("llama-swap", model_path="/m/${PORT}.gguf")


def test_llama_swap_on_windows_is_quoted_as_programs_there_read() -> None:
    export = render("llama-swap", PLAIN, FACTS, model_path="C:\\my models\\x.gguf", shell="powershell")
    assert '-m "C:\\my models\\x.gguf"' in read(export)["models"]["x"]["cmd"]


def test_text_generation_webui_says_what_it_has_no_name_for_in_extra_flags() -> None:
    settings = replace(QUANTIZED, n_cpu_moe=4, use_mmap=False, offload_kqv=False, swa_full=True)
    export = exported("text-generation-webui", settings, "/m/A+B (1).gguf")
    assert read(export) == {
        r"a\+b\ \(1\)\.gguf$": {
            "loader": "llama.cpp",
            "ctx_size": 32768,
            "gpu_layers": 33,
            "cache_type": "q8_0",
            "batch_size": 2048,
            "ubatch_size": 512,
            "parallel": 1,
            "no_kv_offload": True,
            "no_mmap": True,
            "extra_flags": "--cache-type-v q4_0 -ncmoe 4 --swa-full",
        }
    }
    assert export.cannot_express == ()


@pytest.mark.parametrize(
    ("k", "v", "cache_type", "extra"),
    [
        ("f16", "f16", "fp16", ""),
        ("q4_0", "q4_0", "q4_0", ""),
        ("bf16", "bf16", "fp16", "--cache-type-k bf16 --cache-type-v bf16"),
        ("f16", "q8_0", "fp16", "--cache-type-v q8_0"),
    ],
)
def test_text_generation_webui_has_three_types_and_the_rest_in_flags(
    k: str, v: str, cache_type: str, extra: str
) -> None:
    (entry,) = read(
        exported("text-generation-webui", replace(PLAIN, cache_type_k=k, cache_type_v=v))
    ).values()
    assert (entry["cache_type"], entry["extra_flags"]) == (cache_type, extra)


def test_text_generation_webui_finds_the_layers_itself() -> None:
    export = exported("text-generation-webui", replace(PLAIN, n_cpu_moe=4), flavour="adjustable")
    (entry,) = read(export).values()
    assert (entry["gpu_layers"], entry["fit_target"], entry["extra_flags"]) == (-1, "1024", "")
    assert {it.setting for it in export.cannot_express} == {"--n-cpu-moe"}


def test_jan_gets_what_is_left_of_the_slots() -> None:
    settings = replace(QUANTIZED, n_seq_max=4, override_tensor=(("exps", "CPU"),))
    document = read(exported("jan", settings))
    assert document == {
        "model_path": "/m/x.gguf",
        "name": "A model",
        "size_bytes": FACTS.file_bytes,
        "ctx_size": 32768,
        "flash_attn": "on",
        "cache_type_k": "q8_0",
        "cache_type_v": "q4_0",
        "parallel": 2,
        "batch_size": 2048,
        "ubatch_size": 512,
        "no_kv_offload": False,
        "n_gpu_layers": 33,
        "n_cpu_moe": 0,
        "override_tensor": "exps=CPU",
    }
    assert "n_gpu_layers" not in read(exported("jan", settings, flavour="adjustable"))


@pytest.mark.parametrize("sign", ["#", ";"])
def test_jan_hands_paths_on_in_a_preset_which_cannot_hold_all(sign: str) -> None:
    with pytest.raises(UsageError, match=f"at {sign}"):
        exported("jan", model_path=f"/m/a{sign}b.gguf")


def test_localai() -> None:
    settings = replace(
        QUANTIZED,
        n_seq_max=2,
        n_cpu_moe=4,
        swa_full=True,
        op_offload=False,
        split_mode="row",
        main_gpu=1,
        tensor_split=(3.0, 1.0),
        override_tensor=((r"blk\.1:", "CPU"), ("output", "CPU")),
        devices=("CUDA1", "CUDA0"),
        rope=Rope(scaling="yarn", scale=2.5, yarn_ext_factor=-1),
    )
    export = exported("localai", settings, "/m/Some Model.gguf")
    assert export.files[0].name == "Some-Model.yaml"
    assert read(export) == {
        "name": "Some-Model",
        "backend": "llama-cpp",
        "parameters": {"model": "Some Model.gguf", "batch": 2048},
        "context_size": 32768,
        "gpu_layers": 33,
        "f16": True,
        "flash_attention": "on",
        "cache_type_k": "q8_0",
        "cache_type_v": "q4_0",
        "no_kv_offloading": False,
        "mmap": True,
        "mmlock": False,
        "options": [
            *("n_ubatch:512", "parallel:2", "kv_unified:true", "cache_ram:8192", "fit_params:false"),
            *("n_cpu_moe:4", "split_mode:row", "swa_full:true", "no_op_offload:true"),
            # Kept whole from the first colon on; --device said twice would count once.
            *("--device:CUDA1,CUDA0", r"--override-tensor:blk\.1:=CPU,output=CPU"),
            *("--rope-scaling:yarn", "--rope-scale:2.5", "--yarn-ext-factor:-1"),
        ],
        "tensor_split": "3,1",
        "main_gpu": "1",
    }
    assert export.cannot_express == ()
    assert any("begin with -" in note for note in export.notes)
    assert not any("begin with -" in note for note in exported("localai").notes)


def test_localai_lets_llama_cpp_place_the_layers() -> None:
    settings = replace(PLAIN, n_cpu_moe=4, n_batch=512)
    export = render(
        "localai", settings, FACTS, model_path="x.gguf", flavour="adjustable", fit_target_mib=(700, 1300)
    )
    document = read(export)
    assert "gpu_layers" not in document
    assert document["options"] == [
        *("parallel:1", "cache_ram:8192", "--n-gpu-layers:auto", "fit_params:true"),
        "fit_params_target:700,1300",
    ]
    assert {it.setting for it in export.cannot_express} == {"--n-cpu-moe"}


# docker/model-runner: pkg/inference/runtime_flags_allowlist.go, as far as we say them.
LET_THROUGH = frozenset(
    {
        "-np",
        "-kvu",
        "--kv-unified",
        "-ngl",
        "--fit",
        "-ncmoe",
        "-sm",
        "-mg",
        "-ts",
        "-dev",
        "-fa",
        "-ctk",
        "-ctv",
    }
    | {"-b", "-ub", "--swa-full", "-nkvo", "--no-op-offload", "--rope-scaling", "--rope-scale"}
    | {"--rope-freq-base", "--rope-freq-scale", "--yarn-orig-ctx", "--yarn-ext-factor", "--yarn-attn-factor"}
    | {"--yarn-beta-slow", "--yarn-beta-fast"}
)


@pytest.mark.parametrize("flavour", ["pinned", "adjustable"])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"n_seq_max": 2, "kv_unified": False, "swa_full": True, "offload_kqv": False, "op_offload": False},
        {"n_seq_max": 2, "n_cpu_moe": 3, "split_mode": "row", "main_gpu": 1, "tensor_split": (3.0, 1.0)},
        {"override_tensor": ((r"blk\.1", "CPU"),), "use_mmap": False, "n_ubatch": 64},
    ],
)
def test_docker_lets_every_flag_through(flavour: Flavour, change: dict[str, object]) -> None:
    export = exported("docker-model-runner", replace(QUANTIZED, **change), flavour=flavour)
    model = read(export)["models"]["llm"]
    assert set(model) == {"model", "context_size", "runtime_flags"}  # the schema of Compose allows no other
    assert model["context_size"] == 32768
    flags = model["runtime_flags"]
    assert {flag for flag in flags if flag[0] == "-"} <= LET_THROUGH
    assert not any("/" in flag or "\\" in flag for flag in flags)
    assert "-ngl" in flags  # all layers stand before them, which nothing else takes back
    configure = shlex.split(export.commands[-1])
    assert configure == ["docker", "model", "configure", "--context-size", "32768", "x", "--", *flags]
    assert export.commands[0] == "docker model package --gguf /m/x.gguf x"


def test_docker_names_a_model_that_it_has() -> None:
    export = exported("docker-model-runner", model_path="ai/gemma3:4B-Q4_K_M")
    assert read(export)["models"]["llm"]["model"] == "ai/gemma3:4B-Q4_K_M"
    assert len(export.commands) == 1


def interpolated(text: str) -> str:
    """compose-spec 12-interpolation.md: $$ is a dollar sign; alone it begins a variable, or is an error."""
    assert not re.search(r"(?<!\$)(\$\$)*\$(?!\$)", text)
    return text.replace("$$", "$")


@given(name=PATHS.map(lambda path: path.removesuffix(".gguf")), device=PATHS)
def test_compose_gives_back_what_it_would_replace(name: str, device: str) -> None:
    settings = replace(PLAIN, devices=(device,))
    try:
        document = read(exported("docker-model-runner", settings, name))
    except UsageError:
        assert not (name + device).isprintable()
        return
    model = document["models"]["llm"]
    assert interpolated(model["model"]) == name
    assert device in [interpolated(flag) for flag in model["runtime_flags"]]


@given(path=PATHS)
def test_text_generation_webui_finds_the_entry_by_the_files_name(path: str) -> None:
    """modules/models_settings.py: re.match of the key and the lower-cased name."""
    try:
        (pattern,) = read(exported("text-generation-webui", model_path=path))
    except UsageError:
        assert not path.isprintable()
        return
    name = path.replace("\\", "/").rpartition("/")[2].lower()
    assert re.match(pattern, name)
    assert not re.match(pattern, f"x{name}")
    assert not re.match(pattern, f"{name}x")


@pytest.mark.parametrize("to", ["jan", "localai", "docker-model-runner", "continue", "aider", "open-webui"])
def test_what_lies_beside_the_model_is_written_or_said(to: str) -> None:
    companions = Companions(
        projector=Projector(Path("/m/mmproj.gguf"), 1, 1), adapters=(Adapter(Path("/m/l.gguf"), "llama", ()),)
    )
    export = render(to, PLAIN, FACTS, model_path="/m/x.gguf", companions=companions)
    said = {it.setting for it in export.cannot_express}
    assert "--lora" in said
    # LocalAI looks for it beside the model.
    name = 'mmproj: "mmproj.gguf"' if to == "localai" else "/m/mmproj.gguf"
    assert ("--mmproj" in said) != (name in export.files[0].text)
