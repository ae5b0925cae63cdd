import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import SettingsError
from advisor.export.choices import FLAVOURS, Flavour
from advisor.export.export import Export
from advisor.export.prepare import prepare
from advisor.export.registry import render
from advisor.memory.companions import Companions, Draft
from advisor.model.adapter import Adapter
from advisor.model.projector import Projector
from advisor.recommend.planner import Planner
from advisor.settings.load_settings import LoadSettings
from advisor.settings.pasted.kcpps import looks_like_kcpps, read_kcpps
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.settings.rope import Rope
from tests.support import answers
from tests.support.export_settings import BESIDE, EVERYTHING
from tests.support.planning import a_model

FACTS = replace(a_model(), path=Path("/m/it.gguf"), shards=(Path("/m/it.gguf"),))
PLAIN = LoadSettings(n_ctx=32768, n_batch=512, n_gpu_layers=33, flash_attn="on")

FILE = Path(__file__).parents[3] / "data" / "koboldcpp_options.toml"
OPTIONS: dict[str, dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))["options"]


def exported(settings: LoadSettings = PLAIN, model_path: str = "/m/x.gguf") -> Export:
    return render("koboldcpp", settings, FACTS, model_path=model_path)


def values(export: Export) -> dict[str, object]:
    document: dict[str, object] = json.loads(export.files[0].text)
    return document


@pytest.mark.parametrize("cache_type", ["f32", "q4_1", "q5_0", "iq4_nl"])
def test_a_cache_type_that_it_does_not_have_is_refused(cache_type: str) -> None:
    with pytest.raises(SettingsError, match=f"KoboldCpp has no {cache_type}"):
        exported(replace(PLAIN, cache_type_k=cache_type, cache_type_v=cache_type))


@given(
    st.text(
        st.sampled_from("\"'#;$%\\`ä漢\U0001f999") | st.characters(codec="utf-8", exclude_categories=["Cc"])
    )
)
def test_any_path_reads_back(path: str) -> None:
    assert read_kcpps(values(exported(model_path=path + "x"))).model == path + "x"


def test_the_whole_file() -> None:
    export = exported()
    assert export.files[0].name == "x.kcpps"
    assert export.commands == ("koboldcpp --config x.kcpps",)
    assert values(export) == {
        "model_param": "/m/x.gguf",
        "contextsize": 32640,
        "gpulayers": 33,
        "quantkv": 0,
        "flashattention": True,
        "noflashattention": False,
        "batchsize": 512,
        "noswa": False,
        "lowvram": False,
        "usemmap": True,
        "usemlock": False,
        "autofit": False,
        "moecpu": 0,
        "tensor_split": None,
    }
    assert export.cannot_express == ()


@pytest.mark.parametrize(
    ("cache_type", "quantkv"), [("q8_0", 1), ("q4_0", 2), ("bf16", "bf16"), ("q5_1", "q5_1")]
)
def test_a_number_where_every_version_knows_it_and_a_name_elsewhere(
    cache_type: str, quantkv: int | str
) -> None:
    export = exported(replace(PLAIN, cache_type_k=cache_type, cache_type_v=cache_type))
    assert values(export)["quantkv"] == quantkv
    assert any("1.115" in note for note in export.notes) == isinstance(quantkv, str)


def test_adjustable_lets_it_find_the_layers() -> None:
    settings = replace(PLAIN, n_cpu_moe=4, tensor_split=(3.0, 1.0))
    export = render(
        "koboldcpp", settings, FACTS, model_path="x", flavour="adjustable", fit_target_mib=(700, 1300)
    )
    found = values(export)
    assert (found["gpulayers"], found["autofit"], found["autofitpadding"]) == (-1, True, 1300)
    assert not {"moecpu", "tensor_split"} & set(found)
    assert {it.setting for it in export.cannot_express} == {"--n-cpu-moe", "--tensor-split"}


def test_what_lies_beside_the_model() -> None:
    adapter = Adapter(Path("/m/l.gguf"), "llama", ())
    companions = Companions(projector=Projector(Path("/m/mmproj.gguf"), 1, 1), adapters=(adapter,))
    export = render("koboldcpp", PLAIN, FACTS, model_path="x", companions=companions)
    assert (values(export)["mmproj"], values(export)["lora"]) == ("/m/mmproj.gguf", ["/m/l.gguf"])
    assert export.cannot_express == ()
    several = replace(companions, adapters=(adapter, adapter))
    export = render("koboldcpp", PLAIN, FACTS, model_path="x", companions=several)
    assert "lora" not in values(export)
    assert {it.setting for it in export.cannot_express} == {"--lora"}


def fits(value: object, option: dict[str, Any]) -> bool:
    """Whether argparse would have made such a value of the option."""
    kinds: dict[str, bool] = {
        "any": True,
        "text": isinstance(value, str),
        "switch": isinstance(value, bool),
        "whole": isinstance(value, int) and not isinstance(value, bool),
        "numbers": isinstance(value, list) and all(isinstance(it, int | float) for it in value),
        "texts": isinstance(value, list) and all(isinstance(it, str) for it in value),
    }
    if value is None:
        return bool(option.get("or_null"))
    if not kinds[option["kind"]] or ("choices" in option and value not in option["choices"]):
        return False
    if isinstance(value, int) and not option.get("least", value) <= value <= option.get("most", value):
        return False
    return not isinstance(value, list) or len(value) == option.get("length", len(value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("contextsize", "8k"),
        ("contextsize", 128),
        ("batchsize", 300),
        ("quantkv", "iq4_nl"),
        ("tensor_split", "3,1"),
        ("ropeconfig", [1.0]),
        ("usemmap", 1),
        ("lora", "x.gguf"),
        ("model_param", None),
    ],
)
def test_a_wrong_value_is_noticed(name: str, value: object) -> None:
    """Else the test below could not fail."""
    assert not fits(value, OPTIONS[name])


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"rope": Rope(freq_base=1e6, scale=2.0), "devices": ("CUDA0", "CUDA1")},
        {"n_ctx": 256, "tensor_split": (), "split_mode": "layer"},
        {"cache_type_k": "bf16", "cache_type_v": "bf16", "n_gpu_layers": 0},
    ],
)
def test_every_value_is_of_its_options_kind(change: dict[str, Any], flavour: Flavour) -> None:
    plain = replace(EVERYTHING, cache_type_v="q8_0", n_batch=256)
    beside = replace(BESIDE, adapters=BESIDE.adapters[:1], draft=Draft(FACTS, n_gpu_layers=3))
    export = render(
        "koboldcpp", replace(plain, **change), FACTS, model_path="x", flavour=flavour, companions=beside
    )
    found = values(export)
    assert found.keys() <= OPTIONS.keys()
    assert [name for name, value in found.items() if not fits(value, OPTIONS[name])] == []


@pytest.mark.parametrize("n_ctx", [512, 8192])
def test_with_its_own_cells_it_allocates_what_was_planned(n_ctx: int) -> None:
    export = exported(replace(PLAIN, n_ctx=n_ctx))
    assert values(export)["contextsize"] == n_ctx - 128
    assert any("adds 128 cells" in note for note in export.notes)


def test_the_smallest_context_is_larger_there() -> None:
    export = exported(replace(PLAIN, n_ctx=256))
    assert values(export)["contextsize"] == 256  # it takes no less, and rounds up with its own
    assert {it.setting for it in export.cannot_express} == {"--ctx-size"}


def test_gpus_and_how_they_share() -> None:
    settings = replace(
        PLAIN, main_gpu=1, split_mode="row", tensor_split=(3.0, 1.0), devices=("CUDA1", "CUDA0")
    )
    export = exported(settings)
    found = values(export)
    assert (found["maingpu"], found["splitmode"], found["device"]) == (1, "row", "CUDA1,CUDA0")
    assert found["tensor_split"] == [3.0, 1.0]
    assert export.cannot_express == ()
    assert sum("1.102 passes over" in note for note in export.notes) == 2


@pytest.mark.parametrize(
    ("change", "option", "key"),
    [({"split_mode": "none"}, "--split-mode", "splitmode"), ({"devices": ("none",)}, "--device", "device")],
)
def test_what_it_would_read_as_all_gpus_is_reported(change: dict[str, Any], option: str, key: str) -> None:
    export = exported(replace(PLAIN, **change))
    assert key not in values(export)
    (cannot,) = export.cannot_express
    assert cannot.setting.startswith(option)


@pytest.mark.parametrize(
    ("rope", "config"),
    [
        (Rope(freq_base=1e6), [1.0, 1e6]),
        (Rope(freq_base=5e5, scaling="linear", scale=4.0), [0.25, 5e5]),
        (Rope(freq_base=5e5, freq_scale=0.5), [0.5, 5e5]),
        (Rope(freq_base=5e5, scaling="none", scale=4.0), [1.0, 5e5]),
    ],
)
def test_positions_that_it_can_say(rope: Rope, config: list[float]) -> None:
    export = exported(replace(PLAIN, rope=rope, n_ctx=65536))
    assert values(export)["ropeconfig"] == config
    assert export.cannot_express == ()
    assert not any("NTK" in note for note in export.notes)


@pytest.mark.parametrize(
    ("rope", "words"),
    [
        (Rope(scaling="yarn", scale=4.0, freq_base=1e6), "no YaRN"),
        (Rope(yarn_orig_ctx=32768, freq_base=1e6), "no YaRN"),
        (Rope(scaling="linear", scale=4.0), "in place of the model's own"),
    ],
)
def test_positions_that_it_cannot_say_are_reported(rope: Rope, words: str) -> None:
    export = exported(replace(PLAIN, rope=rope))
    (cannot,) = export.cannot_express
    assert words in cannot.why
    assert cannot.setting.startswith("--")


def test_windows_are_named_for_the_versions_that_would_ignore_them() -> None:
    first = FACTS.layers[0]
    assert first.attention
    windowed = replace(first, attention=replace(first.attention, window=1024))
    facts = replace(FACTS, layers=(windowed, *FACTS.layers[1:]))
    assert values(render("koboldcpp", PLAIN, facts, model_path="x"))["useswa"] is True
    whole = values(render("koboldcpp", replace(PLAIN, swa_full=True), facts, model_path="x"))
    assert "useswa" not in whole
    assert whole["noswa"] is True


@pytest.mark.parametrize("n_gpu_layers", [None, 0, 5])
def test_a_draft_models_layers_are_said_where_they_are_not_all(n_gpu_layers: int | None) -> None:
    beside = Companions(draft=Draft(FACTS, n_gpu_layers=n_gpu_layers))
    found = values(render("koboldcpp", PLAIN, FACTS, model_path="x.gguf", companions=beside))
    assert found["draftmodel"] == "/m/it.gguf"
    assert found.get("draftgpulayers") == n_gpu_layers


@pytest.mark.parametrize(
    "asked",
    [
        Request(n_ctx=8192),
        Request(n_ctx=16384, cache_type_k="q8_0", cache_type_v="q4_0", n_gpu_layers=20),
        Request(n_ctx=8192, n_ubatch=300, n_cpu_moe=3, offload_kqv=False, swa_full=True, flash_attn="off"),
        Request(n_ctx=4096, users=3, tensor_split=(3.0,), use_mmap=False),
        Request(n_ctx=4096, split_mode="row", tensor_split=(2.5,)),
        Request(n_ctx=4096, rope=Rope(freq_base=5e5, freq_scale=0.5)),
    ],
)
def test_our_own_reader_gives_back_what_was_planned(asked: Request) -> None:
    planner = Planner(FACTS, answers.computer(answers.gpu()))
    made = prepare("koboldcpp", resolve(asked, FACTS), FACTS, planner.estimate)
    document = values(made.export)
    assert looks_like_kcpps(document)
    read = resolve(read_kcpps(document).request, FACTS)
    planned = made.plan.settings
    assert replace(read, flash_attn=planned.flash_attn, kv_unified=planned.kv_unified) == planned


def test_one_type_and_one_batch_are_planned_and_said() -> None:
    planner = Planner(FACTS, answers.computer(answers.gpu()))
    asked = Request(n_ctx=4096, cache_type_k="q8_0", cache_type_v="q4_0", n_batch=2000, n_ubatch=700, users=2)
    made = prepare("koboldcpp", resolve(asked, FACTS), FACTS, planner.estimate)
    settings = made.plan.settings
    assert (settings.cache_type_k, settings.cache_type_v) == ("q4_0", "q4_0")
    assert (settings.n_batch, settings.n_ubatch, settings.n_seq_max) == (512, 512, 1)
    assert settings.n_ctx == 4096  # of one user
    assert {"--parallel", "--cache-type-k, --cache-type-v", "--batch-size, --ubatch-size"} == {
        it.setting for it in made.export.cannot_express
    }


def test_a_stretched_context_is_stretched_in_its_own_way() -> None:
    assert any("NTK" in note for note in exported(replace(PLAIN, n_ctx=65536)).notes)
    assert not any("NTK" in note for note in exported().notes)
    assert "--ctx-size" in {it.setting for it in exported(replace(PLAIN, n_ctx=524288)).cannot_express}
