import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import UsageError
from advisor.export.export import Export
from advisor.export.programs.llama_router import ini_value
from advisor.export.registry import render
from advisor.memory.companions import Companions, Draft
from advisor.model.adapter import Adapter
from advisor.model.projector import Projector
from advisor.settings.load_settings import LoadSettings
from tests.support.planning import a_model

FACTS = a_model()
PLAIN = LoadSettings(n_ctx=32768, n_gpu_layers=33)


def exported(settings: LoadSettings = PLAIN, model_path: str = "/m/x.gguf") -> Export:
    return render("llama-router", settings, FACTS, model_path=model_path)


def read_preset(text: str) -> dict[str, dict[str, str]]:
    """The grammar of common/preset.cpp: no quotes, ; and # begin a comment anywhere, a value is trimmed."""
    sections: dict[str, dict[str, str]] = {"": {}}
    section = ""
    for line in text.split("\n"):
        rest = re.split(r"[;#]", line, maxsplit=1)[0].strip(" \t")
        if header := re.fullmatch(r"\[([^\]]+)\]", rest):
            section = header[1]
            sections[section] = {}
        elif rest:
            key = re.match(r"([a-zA-Z_][a-zA-Z0-9_.-]*)[ \t]*=[ \t]*", rest)
            assert key, line
            sections[section][key[1]] = rest[key.end() :]
    return sections


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/m/a#b.gguf", "at #"), ("/m/a;b.gguf", "at ;"), ("/m/x.gguf ", "spaces"), ("a\tb", "control")],
)
def test_what_the_file_cannot_hold_is_refused_with_the_reason(path: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as caught:
        exported(model_path=path)
    assert caught.value.code == "cannot-quote"


def test_a_companion_that_it_cannot_hold_is_refused_too() -> None:
    companions = Companions(projector=Projector(Path("/m/#1.gguf"), 1, 1))
    with pytest.raises(UsageError, match="at #"):
        render("llama-router", PLAIN, FACTS, model_path="x.gguf", companions=companions)


@given(st.text(st.sampled_from(" \"'#;$%\\`=[]ä漢") | st.characters(codec="utf-8"), min_size=1))
def test_a_value_reads_back_or_is_refused(value: str) -> None:
    try:
        written = ini_value(value)
    except UsageError:
        assert set(value) & set("#;") or value != value.strip(" \t") or not value.isprintable()
        return
    assert read_preset(f"[a]\nmodel = {written}\n")["a"] == {"model": value}


def test_the_whole_file() -> None:
    export = exported()
    assert export.commands == ("llama-server --models-preset llama-presets.ini",)
    assert export.files[0] == (
        "llama-presets.ini",
        (
            "; Generated for llama-server of llama.cpp b10434 or newer.\n"
            "version = 1\n"
            "\n"
            "[x]\n"
            "model = /m/x.gguf\n"
            "ctx-size = 32768\n"
            "parallel = 1\n"
            "n-gpu-layers = 33\n"
            "fit = off\n"
            "flash-attn = auto\n"
            "cache-type-k = f16\n"
            "cache-type-v = f16\n"
            "load-on-startup = false\n"
        ),
    )


def test_switches_are_said_as_true_and_adapters_in_one_key() -> None:
    settings = replace(
        PLAIN, n_seq_max=2, kv_unified=False, swa_full=True, offload_kqv=False, op_offload=False, main_gpu=1
    )
    companions = Companions(
        projector=Projector(Path("/m/mmproj.gguf"), 1, 1),
        draft=Draft(a_model(n_layer=8)),
        adapters=(Adapter(Path("/m/one.gguf"), "llama", ()), Adapter(Path("/m/two.gguf"), "llama", ())),
    )
    export = render("llama-router", settings, FACTS, model_path="/m/Some Model.gguf", companions=companions)
    keys = read_preset(export.files[0].text)["Some-Model"]
    for switch in ("no-kv-unified", "swa-full", "no-kv-offload", "no-op-offload"):
        assert keys[switch] == "true"
    assert keys["lora"] == "/m/one.gguf,/m/two.gguf"
    assert keys["model-draft"] == "model.gguf"
    assert keys["mmproj"] == "/m/mmproj.gguf"
    assert keys["main-gpu"] == "1"


def test_adjustable_leaves_the_layers_to_llama_cpp() -> None:
    export = render("llama-router", PLAIN, FACTS, model_path="/m/x.gguf", flavour="adjustable")
    keys = read_preset(export.files[0].text)["x"]
    assert keys["fit-target"] == "1024"
    assert not {"n-gpu-layers", "fit"} & set(keys)
