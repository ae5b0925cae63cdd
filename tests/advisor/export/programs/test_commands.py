"""RamaLama, OpenCode, vLLM and the clients of Ollama."""

import json
import shlex
from dataclasses import replace
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.export.choices import Flavour
from advisor.export.export import Export
from advisor.export.registry import render
from advisor.settings.load_settings import LoadSettings
from tests.support.planning import a_model
from tests.support.yaml_readers import read_yaml

FACTS = a_model()
PLAIN = LoadSettings(n_ctx=32768, n_gpu_layers=33, cache_type_k="q8_0", cache_type_v="q8_0")
FOR_OLLAMA = replace(PLAIN, runtime="ollama", n_batch=512)
CLIENTS = ("open-webui", "continue", "aider")


def exported(
    to: str, settings: LoadSettings = PLAIN, model_path: str = "/m/x.gguf", flavour: Flavour = "pinned"
) -> Export:
    return render(to, settings, FACTS, model_path=model_path, flavour=flavour)


def test_ramalama() -> None:
    export = exported("ramalama", replace(PLAIN, n_cpu_moe=4, override_tensor=((r"blk\.1", "CPU"),)))
    words = shlex.split(export.commands[0])
    assert words == [
        *("ramalama", "serve", "--ctx-size", "32768", "--ngl", "33", "--ncmoe", "4"),
        r"--runtime-args=-np 1 --fit off -ot 'blk\.1=CPU' -fa on -ctk q8_0 -ctv q8_0",
        "file:///m/x.gguf",
    ]
    assert export.files[0].name == "ramalama.sh"


def test_ramalama_finds_the_layers_itself() -> None:
    words = shlex.split(exported("ramalama", flavour="adjustable").commands[0])
    assert words[4:6] == ["--ngl", "auto"]
    assert "-fitt 1024" in words[6]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1))
def test_ramalama_reads_a_files_address(name: str) -> None:
    address = shlex.split(exported("ramalama", model_path=f"/m/{name}").commands[0])[-1]
    assert unquote(address.removeprefix("file://")) == f"/m/{name}"


def test_ramalama_keeps_the_name_of_a_model_that_it_has() -> None:
    assert shlex.split(exported("ramalama", model_path="gemma3:4b").commands[0])[-1] == "gemma3:4b"


def test_opencode_is_told_one_slots_context_and_how_to_start_the_server() -> None:
    export = exported("opencode", replace(PLAIN, n_seq_max=2, kv_unified=False))
    (provider,) = json.loads(export.files[0].text)["provider"].values()
    assert provider["options"]["baseURL"] == "http://127.0.0.1:8080/v1"
    assert provider["models"] == {"x": {"name": "x", "limit": {"context": 16384, "output": 4096}}}
    words = shlex.split(export.commands[0])
    assert words[:5] == ["llama-server", "-m", "/m/x.gguf", "-c", "32768"]
    assert words[-2:] == ["--alias", "x"]


def test_a_client_never_leaves_all_of_a_small_context_to_the_answer() -> None:
    (provider,) = json.loads(exported("opencode", replace(PLAIN, n_ctx=256)).files[0].text)[
        "provider"
    ].values()
    assert provider["models"]["x"]["limit"] == {"context": 256, "output": 64}


def test_vllm_is_told_the_context_and_nothing_that_we_do_not_know() -> None:
    export = exported("vllm", replace(PLAIN, n_seq_max=2, kv_unified=False))
    assert export.commands == ("vllm serve MAKER/MODEL --max-model-len 16384 --max-num-seqs 2",)
    assert "--max-num-seqs" not in exported("vllm").commands[0]
    assert "MODEL" in {it.setting for it in export.cannot_express}


def test_open_webui_forwards_what_ollama_takes() -> None:
    settings = replace(FOR_OLLAMA, n_seq_max=2, kv_unified=False, main_gpu=1, use_mmap=False)
    export = exported("open-webui", settings)
    params = {"num_ctx": 16384, "num_batch": 512, "num_gpu": 33, "use_mmap": False}
    custom = {"custom_params": {"main_gpu": 1}}  # the page has no field for it
    assert json.loads(export.files[0].text) == {"params": params | custom}
    adjustable = exported("open-webui", flavour="adjustable").files[0].text
    assert json.loads(adjustable) == {"params": {"num_ctx": 32768, "num_batch": 512}}


def test_continue_has_its_limit_where_it_is_read() -> None:
    export = exported("continue", FOR_OLLAMA, "gemma3:4b")
    (model,) = read_yaml(export.files[0].text)["models"]
    assert model == {
        "name": "gemma3:4b",
        "provider": "ollama",
        "model": "gemma3:4b",
        "defaultCompletionOptions": {"contextLength": 32768, "maxTokens": 4096},
    }


def test_aider_says_num_ctx_and_counts_with_it() -> None:
    export = exported("aider", FOR_OLLAMA, "gemma3:4b")
    names = [".aider.model.settings.yml", ".aider.model.metadata.json", "override.conf"]
    assert [file.name for file in export.files] == names
    assert export.files[0].text == (
        "# Generated for aider (2026).\n"
        '- name: "ollama_chat/gemma3:4b"\n'
        "  extra_params:\n"
        "    num_ctx: 32768\n"
    )
    assert read_yaml(export.files[0].text)[0]["extra_params"] == {"num_ctx": 32768}
    (metadata,) = json.loads(export.files[1].text).values()
    assert (metadata["max_input_tokens"], metadata["max_output_tokens"]) == (32768, 4096)
    assert metadata["litellm_provider"] == "ollama_chat"  # which must be the beginning of the model's name
    assert shlex.split(export.commands[0]) == ["aider", "--model", "ollama_chat/gemma3:4b"]


@pytest.mark.parametrize("to", CLIENTS)
def test_what_belongs_to_ollamas_server_is_said_with_how_to_set_it(to: str) -> None:
    export = exported(to, FOR_OLLAMA)
    assert export.environment == {"OLLAMA_KV_CACHE_TYPE": "q8_0", "OLLAMA_FLASH_ATTENTION": "1"}
    assert 'Environment="OLLAMA_KV_CACHE_TYPE=q8_0"' in export.files[-1].text
    notes = "\n".join(export.notes)
    for words in ("systemctl edit", "launchctl setenv", "setx ", "docker run", "/v1"):
        assert words in notes
    # With its number of layers said, Ollama leaves no margin.
    assert ("1 GiB" in notes) == (to != "open-webui")
    assert "1 GiB" in "\n".join(exported(to, FOR_OLLAMA, flavour="adjustable").notes)
    assert "x-ctx32768" in notes  # the name that --to ollama gives it


@pytest.mark.parametrize("to", ["continue", "aider"])
def test_a_client_that_says_the_context_alone_pins_nothing(to: str) -> None:
    assert "--flavour pinned" in {it.setting for it in exported(to, FOR_OLLAMA).cannot_express}
    assert exported(to, FOR_OLLAMA, flavour="adjustable").cannot_express == ()
