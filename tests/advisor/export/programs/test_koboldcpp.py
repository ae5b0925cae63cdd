import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import SettingsError
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
from advisor.settings.runtimes import resolve
from tests.support import answers
from tests.support.planning import a_model

FACTS = replace(a_model(), path=Path("/m/it.gguf"), shards=(Path("/m/it.gguf"),))
PLAIN = LoadSettings(n_ctx=32768, n_batch=512, n_gpu_layers=33, flash_attn="on")


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
        "contextsize": 32768,
        "gpulayers": 33,
        "quantkv": 0,
        "flashattention": True,
        "noflashattention": False,
        "batchsize": 512,
        "noswa": False,
        "useswa": True,
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
    companions = Companions(
        projector=Projector(Path("/m/mmproj.gguf"), 1, 1), adapters=(Adapter(Path("/m/l.gguf"), "llama", ()),)
    )
    export = render("koboldcpp", PLAIN, FACTS, model_path="x", companions=companions)
    assert values(export)["mmproj"] == "/m/mmproj.gguf"
    assert {it.setting for it in export.cannot_express} == {"--lora"}


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
