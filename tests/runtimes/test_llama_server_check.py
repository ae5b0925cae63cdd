"""`export --check`, asked of a real llama-server: one that serves a model, and a router over several."""

from dataclasses import replace
from pathlib import Path

import pytest

from advisor.export.asking.answer import Loaded
from advisor.export.comparing import compared, differences, this_model
from advisor.export.loaded import ask
from advisor.export.prepare import Prepared, prepare
from advisor.model import ModelFacts
from advisor.recommend.planner import Planner
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from tests.support import answers
from tests.support.kv_log import check_kv_cache
from tests.support.llama_server_program import answered, ended, program, running
from tests.support.served_model import served_model

pytestmark = pytest.mark.llama_server

# An f16 cache: the package's program was built for a newer processor, and q8_0 is where most fall out.
SPLIT = Request(n_ctx=4096, users=2, n_gpu_layers=0)
SHARED = Request(n_ctx=4096, n_seq_max=3, kv_unified=True, n_gpu_layers=0)


@pytest.fixture
def facts(tmp_path: Path) -> ModelFacts:
    program()
    return served_model(tmp_path / "a model.gguf")


def prepared(to: str, facts: ModelFacts, asked: Request = SPLIT) -> Prepared:
    settings = resolve(asked, facts)
    return prepare(to, settings, facts, Planner(facts, answers.computer()).estimate)


def check_processor(facts: ModelFacts, log: Path) -> None:
    """Skips the test if the program alone, too, meets an unknown instruction: a router does not tell."""
    alone = prepared("llama-server", facts)
    with running([], log, alone.export.environment) as (process, address):
        answered(process, address, "/health")


@pytest.mark.parametrize(("asked", "n_slots"), [(SPLIT, 2), (SHARED, 3)])
def test_what_the_exported_variables_load_is_as_planned(
    asked: Request, n_slots: int, facts: ModelFacts, tmp_path: Path
) -> None:
    made, log = prepared("llama-server", facts, asked), tmp_path / "log"
    with running([], log, made.export.environment) as (process, address):
        assert answered(process, address, "/health") == {"status": "ok"}
        found = ask("llama-server", address)
    check_kv_cache(log.read_text(encoding="utf-8", errors="replace"), made.plan)
    assert found == (Loaded(str(facts.path), 4096, n_slots, path=str(facts.path)),)
    (it,) = compared(found, this_model(facts, made.export), made.plan.settings)
    assert it.is_this is True
    assert differences(found[0], made.plan.settings) == ()
    twice = made.plan.settings.with_n_ctx(2 * made.plan.settings.n_ctx)
    (other,) = differences(found[0], twice)
    assert "4,096 tokens of context instead of 8,192" in other


def test_a_router_says_what_is_loaded_of_its_preset(facts: ModelFacts, tmp_path: Path) -> None:
    made, log = prepared("llama-router", facts), tmp_path / "log"
    preset = tmp_path / "preset.ini"
    second = made.export.files[0].text.replace("[a-model]", "[b-model]").partition("[")[2]
    preset.write_text(made.export.files[0].text + "\n[" + second, encoding="utf-8")
    with running(["--models-preset", str(preset)], log) as (process, address):
        listed = answered(process, address, "/models")["data"]
        assert {model["id"] for model in listed} == {"a-model", "b-model"}
        assert ask("llama-router", address) == ()
        assert answered(process, address, "/models/load", {"model": "a-model"}) == {"success": True}
        for _ in range(300):
            if found := ask("llama-router", address):
                break
            assert not ended(process, 0.1)
            states = [model["status"] for model in answered(process, address, "/models")["data"]]
            if any("exit_code" in state for state in states):
                check_processor(facts, tmp_path / "log of one")
                pytest.fail(f"the router's own child ended: {states}")
        assert len(ask("llama-router", address)) == 1  # the question loads no other model
    check_kv_cache(log.read_text(encoding="utf-8", errors="replace"), made.plan)
    assert found == (Loaded("a-model", 4096, 2, path=str(facts.path)),)
    other = served_model(tmp_path / "another model.gguf", n_ctx_train=8192)
    for model, which in ((facts, True), (other, False)):
        (it,) = compared(found, this_model(model, made.export), made.plan.settings)
        assert it.is_this is which
    assert differences(found[0], made.plan.settings) == ()
    assert differences(replace(found[0], n_slots=4), made.plan.settings) == ("It has 4 slots instead of 2.",)
