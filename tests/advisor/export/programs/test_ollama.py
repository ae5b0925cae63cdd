import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import UsageError
from advisor.export.choices import Flavour
from advisor.export.export import Export
from advisor.export.expressible import expressible
from advisor.export.programs.ollama import from_value
from advisor.export.programs.ollama_server import systemd_drop_in
from advisor.export.registry import render
from advisor.memory.companions import Companions
from advisor.model.adapter import Adapter
from advisor.model.projector import Projector
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from tests.support.planning import a_model

FACTS = a_model()
PLAIN = LoadSettings(
    n_ctx=32768, runtime="ollama", n_gpu_layers=33, n_batch=1024, n_ubatch=1024, kv_unified=False
)

# api/types.go: Runner. Any other PARAMETER makes `ollama create` fail.
PARAMETERS = {"num_ctx": int, "num_batch": int, "num_gpu": int, "main_gpu": int, "use_mmap": bool}


def read_modelfile(text: str) -> list[tuple[str, str]]:
    """The rules of parser/parser.go for one-line commands: comments only at the start of a line, the value up
    to its end, without what cannot be printed and spaces around it, then one pair of quotes off it."""
    commands = []
    for whole_line in text.split("\n"):
        line = "".join(filter(is_printed, whole_line))
        if line.startswith("#") or not line.strip():
            continue
        command, _, value = line.partition(" ")
        if command.upper() == "PARAMETER":
            command, _, value = value.partition(" ")
            assert command in PARAMETERS, command
            assert isinstance(json.loads(value), PARAMETERS[command])
        else:
            assert command.upper() in {"FROM", "ADAPTER"}, command
        value = value.strip()
        if value.startswith('"'):
            assert value.endswith('"'), value
            value = value[1:-1]
        commands.append((command, value))
    return commands


def is_printed(character: str) -> bool:
    """Go's strconv.IsPrint: letters, marks, numbers, punctuation, symbols, and of spaces the plain one."""
    return character == " " or unicodedata.category(character)[0] in "LMNPS"


def exported(
    settings: LoadSettings, flavour: Flavour = "pinned", model_path: str = "/m/Some Model.Q4_K_M.gguf"
) -> Export:
    return render("ollama", settings, FACTS, model_path=model_path, flavour=flavour)


@pytest.mark.parametrize("path", ['"quoted" name.gguf', ' a"b.gguf'])
def test_a_path_that_the_quotes_of_a_modelfile_cannot_hold_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="no escape"):
        exported(PLAIN, model_path=path)


@pytest.mark.parametrize("path", ["/m/no\u00a0break.gguf", "/m/zero\u200bwidth.gguf", "/m/\u3000.gguf"])
def test_a_character_that_ollama_would_drop_is_refused(path: str) -> None:
    """FROM would name another file, or none, and then be taken for a model to download."""
    assert read_modelfile(f"FROM {path}\n") != [("FROM", path)]
    with pytest.raises(UsageError, match="drops a character") as caught:
        exported(PLAIN, model_path=path)
    assert caught.value.code == "cannot-quote"


@given(st.text(st.sampled_from(" \"#'$%\\;`~äx漢") | st.characters(codec="utf-8"), min_size=1))
def test_from_reads_back_as_the_path_or_is_refused(path: str) -> None:
    try:
        text = f"FROM {from_value(path)}\n"
    except UsageError:
        assert not all(map(is_printed, path)) or '"' in path
        return
    assert read_modelfile(text) == [("FROM", path)]


def test_one_step_where_only_the_context_changes() -> None:
    export = exported(PLAIN)
    assert export.files[0] == (
        "Modelfile",
        (
            "# Generated for Ollama 0.30 or newer.\n"
            "# ollama create some-model.q4_k_m-ctx32768 -f Modelfile\n"
            "# Without a new model, within ollama run:\n"
            "#   /set parameter num_ctx 32768\n"
            "FROM /m/Some Model.Q4_K_M.gguf\n"
            "PARAMETER num_ctx 32768\n"
            "PARAMETER num_batch 1024\n"
            "PARAMETER num_gpu 33\n"
        ),
    )
    assert json.loads(export.files[1].text) == {
        "options": {"num_ctx": 32768, "num_batch": 1024, "num_gpu": 33}
    }
    assert len(export.files) == 2
    assert export.commands == (
        "ollama create some-model.q4_k_m-ctx32768 -f Modelfile",
        "ollama run some-model.q4_k_m-ctx32768",
    )
    assert export.environment == {}
    assert export.cannot_express == ()
    assert any("One step" in note for note in export.notes)


def test_a_cache_type_is_a_setting_of_the_server_and_said_to_be_a_second_step() -> None:
    export = exported(replace(PLAIN, cache_type_k="q8_0", cache_type_v="q8_0", n_seq_max=4))
    assert export.environment == {
        "OLLAMA_KV_CACHE_TYPE": "q8_0",
        "OLLAMA_FLASH_ATTENTION": "1",
        "OLLAMA_NUM_PARALLEL": "4",
    }
    assert dict(read_modelfile(export.files[0].text))["num_ctx"] == "8192"
    assert "#   OLLAMA_KV_CACHE_TYPE=q8_0\n" in export.files[0].text
    assert export.files[2] == (
        "override.conf",
        (
            "# Generated for Ollama 0.30 or newer.\n"
            "[Service]\n"
            'Environment="OLLAMA_KV_CACHE_TYPE=q8_0"\n'
            'Environment="OLLAMA_FLASH_ATTENTION=1"\n'
            'Environment="OLLAMA_NUM_PARALLEL=4"\n'
        ),
    )
    text = "\n".join(export.notes)
    for way in ("systemctl edit", "launchctl setenv", "setx OLLAMA_KV_CACHE_TYPE q8_0", "docker run -e "):
        assert way in text
    assert '[Service] and below it, each in a line, Environment="OLLAMA_KV_CACHE_TYPE=q8_0" and Env' in text
    assert "need a restart" in text


def test_systemd_reads_a_percent_sign_doubled() -> None:
    assert 'Environment="A=50%%"' in systemd_drop_in({"A": "50%"}, "For a test.")


@pytest.mark.parametrize(("k", "v", "one"), [("q8_0", "q4_0", "q4_0"), ("f16", "q8_0", "q8_0")])
def test_k_and_v_apart_become_the_smaller_one_and_that_is_said(k: str, v: str, one: str) -> None:
    export = exported(replace(PLAIN, cache_type_k=k, cache_type_v=v))
    assert export.environment["OLLAMA_KV_CACHE_TYPE"] == one
    assert export.environment["OLLAMA_FLASH_ATTENTION"] == "1"
    said = {it.setting: it.why for it in export.cannot_express}
    assert f"in place of {k} and {v}" in said["--cache-type-k, --cache-type-v"]


@pytest.mark.parametrize(("flash_attn", "value"), [("on", "1"), ("off", "0"), ("auto", None)])
def test_flash_attention_is_named_only_where_it_was(flash_attn: str, value: str | None) -> None:
    export = exported(replace(PLAIN, flash_attn=flash_attn))
    assert export.environment.get("OLLAMA_FLASH_ATTENTION") == value


@pytest.mark.parametrize("to", ["ollama", "open-webui"])
def test_the_main_gpu_holds_the_whole_model_and_is_planned_so(to: str) -> None:
    """llm/llama_server.go: main_gpu brings --split-mode none along."""
    asked, why = expressible(Request(n_ctx=4096, main_gpu=1), to)
    assert (asked.split_mode, {it.setting for it in why}) == ("none", {"--main-gpu"})
    for request, gpu in ((asked, 1), (Request(n_ctx=4096, split_mode="none"), 0)):
        asked, why = expressible(request, to)
        settings = resolve(asked, FACTS)
        assert (settings.split_mode, settings.main_gpu, why) == ("none", gpu, ())
        export = render(to, settings, FACTS, model_path="/m/x.gguf")
        assert f'"main_gpu": {gpu}' in "".join(file.text for file in export.files)
        assert "--split-mode" not in {it.setting for it in export.cannot_express}
    asked, why = expressible(Request(n_ctx=4096, split_mode="row"), to)
    assert (asked.split_mode, {it.setting for it in why}) == (None, {"--split-mode"})


def test_adjustable_leaves_the_layers_to_ollama() -> None:
    export = exported(PLAIN, "adjustable")
    assert dict(read_modelfile(export.files[0].text)).keys() == {"FROM", "num_ctx", "num_batch"}
    on_one = exported(replace(PLAIN, split_mode="none", main_gpu=1), "adjustable")
    assert dict(read_modelfile(on_one.files[0].text))["main_gpu"] == "1"
    assert (export.cannot_express, on_one.cannot_express) == ((), ())


def test_two_batch_sizes_become_the_one_that_decides_the_memory() -> None:
    export = exported(replace(PLAIN, n_batch=2048, n_ubatch=512, use_mmap=False))
    values = dict(read_modelfile(export.files[0].text))
    assert (values["num_batch"], values["use_mmap"]) == ("512", "false")
    assert {it.setting for it in export.cannot_express} == {"--batch-size"}


def test_an_installed_model_is_named() -> None:
    export = exported(PLAIN, model_path="llama3.1:8b")
    assert read_modelfile(export.files[0].text)[0] == ("FROM", "llama3.1:8b")
    assert export.commands[1] == "ollama run llama3.1-8b-ctx32768"


def test_a_split_model_is_named_by_its_folder() -> None:
    shards = tuple(Path(f"/m/big-0000{number}-of-00002.gguf") for number in (1, 2))
    export = render("ollama", PLAIN, replace(FACTS, shards=shards), model_path=str(shards[0]))
    assert read_modelfile(export.files[0].text)[0] == ("FROM", str(Path("/m")))


def test_a_blob_gets_the_name_of_the_model() -> None:
    export = exported(PLAIN, model_path="/store/blobs/sha256-" + "ab" * 32)
    assert export.commands[1] == "ollama run a-model-ctx32768"
    assert any("chat template" in note for note in export.notes)


def test_a_name_of_nothing_allowed_is_still_a_name() -> None:
    assert exported(PLAIN, model_path="/m/漢字.gguf").commands[1] == "ollama run model-ctx32768"


def test_what_lies_beside_the_model() -> None:
    companions = Companions(
        projector=Projector(Path("/m/mmproj.gguf"), 1, 1),
        adapters=(Adapter(Path("/m/my lora.gguf"), "llama", ()),),
    )
    export = render("ollama", PLAIN, FACTS, model_path="/m/x.gguf", companions=companions)
    assert ("ADAPTER", "/m/my lora.gguf") in read_modelfile(export.files[0].text)
    assert {it.setting for it in export.cannot_express} == {"--mmproj"}
