"""From settings to an export: in any runtime's words, with the plan of what those words say."""

from dataclasses import replace
from pathlib import Path

import pytest

from advisor.export.prepare import fit_target_mib, prepare, whole_path
from advisor.export.registry import RENDERERS
from advisor.memory.companions import Companions
from advisor.memory.plan import MemoryPlan
from advisor.model.projector import Projector
from advisor.recommend.planner import Planner
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.settings.runtimes import RUNTIMES
from tests.support import answers
from tests.support.planning import a_model

MODEL = replace(a_model(), path=Path("/models/it.gguf"), shards=(Path("/models/it.gguf"),))
COMPUTER = answers.computer(answers.gpu())


def plan(settings: LoadSettings) -> MemoryPlan:
    return Planner(MODEL, COMPUTER).estimate(settings)


def test_a_model_without_a_file_has_no_path() -> None:
    with pytest.raises(ValueError, match="without a file"):
        whole_path(replace(MODEL, path=None))


@pytest.mark.parametrize("runtime", sorted(set(RENDERERS) & set(RUNTIMES)))
@pytest.mark.parametrize("made_for", sorted(RUNTIMES))
def test_any_runtimes_settings_are_said_in_any_other(made_for: str, runtime: str) -> None:
    settings = (
        resolve(Request(runtime=made_for, n_ctx=8192, cache_type_k="q8_0", flash_attn="on"), MODEL)
        if made_for != "ollama"
        else resolve(Request(runtime=made_for, n_ctx=8192, cache_type_k="q8_0"), MODEL)
    )
    made = prepare(runtime, settings, MODEL, plan)
    assert made.plan.settings.runtime == runtime
    assert made.plan.settings.n_ctx_per_slot == settings.n_ctx_per_slot
    assert "8192" in "".join(file.text for file in made.export.files)


def test_what_is_loaded_beside_is_written_down_and_counted() -> None:
    beside = Companions(projector=Projector(Path("/models/mmproj.gguf"), 700, 800))
    planner = Planner(MODEL, COMPUTER, companions=beside)
    settings = resolve(Request(n_ctx=4096), MODEL)
    made = prepare("llama-server", settings, MODEL, planner.estimate, companions=beside)
    assert "/models/mmproj.gguf" in made.export.files[0].text
    assert [companion.name for companion in made.plan.companions] == ["mmproj.gguf"] * 2
    without = prepare("llama-server", settings, MODEL, plan)
    assert "mmproj" not in without.export.files[0].text


def test_for_its_own_runtime_nothing_is_planned_differently() -> None:
    settings = resolve(Request(runtime="llama-server", n_ctx=8192, users=3, n_ubatch=256), MODEL)
    assert prepare("llama-server", settings, MODEL, plan).plan.settings == settings


def test_what_had_to_change_comes_first() -> None:
    settings = resolve(Request(n_ctx=8192, cache_type_k="q8_0", cache_type_v="q4_0"), MODEL)
    made = prepare("ollama", settings, MODEL, plan)
    assert "one cache type for K and V" in made.export.cannot_express[0].why
    assert made.plan.settings.cache_type_k == made.plan.settings.cache_type_v == "q4_0"


def test_windows_stay_small_where_the_library_would_keep_all() -> None:
    settings = resolve(Request(n_ctx=8192), MODEL)
    assert not prepare("llama-cpp-python", settings, MODEL, plan).plan.settings.swa_full


def test_a_name_takes_the_files_place() -> None:
    settings = resolve(Request(runtime="ollama", n_ctx=8192), MODEL)
    made = prepare("ollama", settings, MODEL, plan, name="llama3.1:8b")
    assert "FROM llama3.1:8b" in made.export.files[0].text


def test_the_reserve_of_each_gpu_is_the_margin() -> None:
    made = plan(resolve(Request(n_ctx=4096), MODEL))
    lines = tuple(replace(line, reserve_bytes=3 * 2**30 + 1) for line in made.memory)
    assert fit_target_mib(replace(made, memory=lines)) == (3073,)
    assert fit_target_mib(replace(made, memory=lines[-1:])) == (1024,)
