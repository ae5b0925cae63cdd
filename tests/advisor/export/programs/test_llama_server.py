import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.errors import SettingsError, UsageError
from advisor.export.choices import FLAVOURS, Flavour, Shell
from advisor.export.export import Export
from advisor.export.registry import render
from advisor.memory.companions import Companions, Draft
from advisor.model.adapter import Adapter
from advisor.model.projector import Projector
from advisor.settings.load_settings import LoadSettings
from tests.support.export_settings import EVERYTHING, PLAIN
from tests.support.planning import a_model

FACTS = a_model()


def exported(settings: LoadSettings, flavour: Flavour = "pinned", model_path: str = "/m/x.gguf") -> Export:
    return render("llama-server", settings, FACTS, model_path=model_path, flavour=flavour)


@pytest.mark.parametrize("pair", [("blk.{1,2}", "CPU"), ("a=b", "CPU"), ("a", "CPU,x=CPU")])
def test_a_pattern_that_llama_server_would_cut_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(SettingsError, match="--override-tensor"):
        exported(replace(PLAIN, override_tensor=(pair,)))


def test_an_adapter_with_a_comma_in_its_name_is_refused() -> None:
    companions = Companions(adapters=(Adapter(Path("a,b.gguf"), "llama", ()),))
    with pytest.raises(UsageError, match="commas"):
        render("llama-server", PLAIN, FACTS, model_path="/m/x.gguf", companions=companions)


def test_pinned_leaves_nothing_to_the_server() -> None:
    export = exported(PLAIN)
    line = "llama-server -m /m/x.gguf -c 32768 -np 1 -ngl 33 --fit off -fa auto -ctk f16 -ctv f16"
    assert export.commands == (line,)
    assert export.files[0].name == "llama-server.sh"
    assert export.files[0].text == (
        f"#!/bin/sh\n# Generated for llama-server of llama.cpp b10434 or newer.\nexec {line}\n"
    )
    assert export.environment == {
        "LLAMA_ARG_MODEL": "/m/x.gguf",
        "LLAMA_ARG_CTX_SIZE": "32768",
        "LLAMA_ARG_N_PARALLEL": "1",
        "LLAMA_ARG_N_GPU_LAYERS": "33",
        "LLAMA_ARG_FIT": "off",
        "LLAMA_ARG_FLASH_ATTN": "auto",
        "LLAMA_ARG_CACHE_TYPE_K": "f16",
        "LLAMA_ARG_CACHE_TYPE_V": "f16",
    }
    assert export.cannot_express == ()


def test_everything_that_can_be_said_is_said() -> None:
    export = exported(EVERYTHING)
    assert export.commands[0] == (
        "llama-server -m /m/x.gguf -c 8192 -np 2 --no-kv-unified -ngl 20 --fit off -ncmoe 12 "
        r"-ot 'blk\.(2[0-9])\.ffn_.*_exps=CPU,output=CPU' -sm row -mg 1 -ts 3,1.5 -fa on -ctk q8_0 "
        "-ctv q4_0 -b 1024 -ub 256 --swa-full -nkvo --no-op-offload --load-mode none --rope-scaling yarn "
        "--rope-scale 2.5 --rope-freq-base 1000000 --yarn-orig-ctx 32768 --yarn-beta-fast 16"
    )
    assert export.environment["LLAMA_ARG_KV_OFFLOAD"] == "off"
    assert export.environment["LLAMA_ARG_KV_UNIFIED"] == "off"
    assert export.environment["LLAMA_ARG_LOAD_MODE"] == "none"
    assert export.environment["LLAMA_ARG_TENSOR_SPLIT"] == "3,1.5"
    assert any("--no-op-offload" in note for note in export.notes)
    assert export.cannot_express == ()


def test_adjustable_keeps_the_context_and_leaves_the_layers() -> None:
    export = render(
        "llama-server",
        EVERYTHING,
        FACTS,
        model_path="/m/x.gguf",
        flavour="adjustable",
        fit_target_mib=(1280, 640),
    )
    words = shlex.split(export.commands[0])
    assert words[3:9] == ["-c", "8192", "-np", "2", "--no-kv-unified", "-fitt"]
    assert words[9] == "1280,640"
    # Any of these stops common/fit.cpp from moving layers.
    assert not {"-ngl", "--fit", "-ncmoe", "-ot", "-ts", "-sm"} & set(words)
    assert {it.setting for it in export.cannot_express} == {
        "--n-cpu-moe",
        "--override-tensor",
        "--split-mode",
        "--tensor-split",
    }


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("settings", [PLAIN, EVERYTHING])
def test_flags_that_are_gone_are_never_written(settings: LoadSettings, flavour: Flavour) -> None:
    export = exported(settings, flavour)
    words = set(shlex.split(export.commands[0]))
    assert not words & {"--mmap", "--no-mmap", "--mlock", "-dio", "--direct-io", "--draft-max", "--draft-min"}
    gone = {"LLAMA_ARG_MMAP", "LLAMA_ARG_NO_MMAP", "LLAMA_ARG_MLOCK", "LLAMA_ARG_DIO"}
    assert not gone & set(export.environment)


@pytest.mark.parametrize("flash_attn", ["on", "auto"])
def test_a_quantized_v_cache_comes_with_flash_attention(flash_attn: str) -> None:
    export = exported(replace(PLAIN, cache_type_v="q8_0", flash_attn=flash_attn))
    assert "-fa on" in export.commands[0]


def test_slots_that_share_a_cache_say_so() -> None:
    assert "-np 4 --kv-unified " in exported(replace(PLAIN, n_seq_max=4)).commands[0]


def test_companions_that_the_plan_counted_are_loaded_too() -> None:
    companions = Companions(
        projector=Projector(Path("/m/mmproj.gguf"), 1, 1),
        draft=Draft(a_model(n_layer=8), cache_type_k="q8_0"),
        adapters=(Adapter(Path("/m/one.gguf"), "llama", ()), Adapter(Path("/m/two.gguf"), "llama", ())),
    )
    export = render("llama-server", PLAIN, FACTS, model_path="/m/x.gguf", companions=companions)
    assert export.commands[0].endswith(
        "--mmproj /m/mmproj.gguf -md model.gguf -ctkd q8_0 -ctvd f16 -ngld 9 --lora /m/one.gguf,/m/two.gguf"
    )
    assert any("-ngld, --lora" in note for note in export.notes)


def test_a_script_for_windows_tells_how_to_read_a_name_that_is_not_ascii() -> None:
    name = "C:\\Modelle\\größe 漢.gguf"
    script = render("llama-server", PLAIN, FACTS, model_path=name, shell="powershell").files[0]
    assert script.name == "llama-server.ps1"
    assert script.text.startswith("\ufeff# Generated for llama-server")
    assert f"-m '{name}'" in script.text
    script = render("llama-server", PLAIN, FACTS, model_path=name, shell="cmd").files[0]
    assert script.name == "llama-server.cmd"
    assert script.text.splitlines()[1] == "chcp 65001 >nul"
    assert f'-m "{name}"' in script.text
    plain = render("llama-server", PLAIN, FACTS, model_path="x.gguf", shell="cmd").files[0].text
    assert plain.isascii()
    assert "chcp" not in plain


def test_a_context_above_the_training_context_is_warned_about() -> None:
    assert any("trained for 32,768" in note for note in exported(replace(PLAIN, n_ctx=65536)).notes)
    assert not any("trained for" in note for note in exported(PLAIN).notes)


@pytest.mark.parametrize(
    ("shell", "folder"), [("sh", "~/.config/llama.cpp"), ("powershell", "%APPDATA%"), ("cmd", "%APPDATA%")]
)
def test_where_a_settings_file_would_lie_is_said_for_the_system(shell: Shell, folder: str) -> None:
    notes = render("llama-server", PLAIN, FACTS, model_path="x", shell=shell).notes
    assert any(f"config.ini of llama.cpp ({folder}" in note for note in notes)


@pytest.mark.parametrize("to", ["llama-server", "llama-swap", "localai", "text-generation-webui"])
def test_one_gpu_alone_is_kept_where_the_layers_are_adjusted(to: str) -> None:
    """common/fit.cpp gives up with --split-mode row, and not with none."""
    settings = replace(PLAIN, split_mode="none", main_gpu=1)
    export = render(to, settings, FACTS, model_path="x.gguf", flavour="adjustable")
    text = export.files[0].text.replace("split_mode:none", "-sm none").replace('main_gpu: "1"', "-mg 1")
    assert "-sm none" in text
    assert "-mg 1" in text
    assert export.cannot_express == ()
