"""What was exported, read by llama-server itself: flags, variables, and what it allocates."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

from advisor.export.choices import FLAVOURS, Flavour
from advisor.export.prepare import prepare
from advisor.export.registry import render
from advisor.model import ModelFacts, read_model
from advisor.recommend.planner import Planner
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from tests.support import answers
from tests.support.export_settings import BESIDE, EVERYTHING, PLAIN
from tests.support.gemma import real_gemma
from tests.support.kv_log import check_kv_cache
from tests.support.llama_server_program import free_port, parsed, program, surroundings
from tests.support.planning import a_model
from tests.support.server_words import server_words

pytestmark = pytest.mark.llama_server

FACTS = a_model()
MADE_BY_PROGRAMS = ("llama-swap", "docker-model-runner", "text-generation-webui", "jan")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--no-such-flag"], {}),
        (["--no-mmap-x"], {}),
        (["-ctk", "turbo3"], {}),
        (["-fa"], {}),
        ([], {"LLAMA_ARG_CTX_SIZE": "abc"}),
    ],
)
def test_the_program_refuses_what_is_wrong(words: list[str], said: dict[str, str]) -> None:
    """Else the tests below could not fail."""
    assert parsed(words, said).returncode != 0


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("settings", [PLAIN, EVERYTHING])
@pytest.mark.parametrize("to", ["llama-server", "opencode", *MADE_BY_PROGRAMS])
def test_every_flag_is_understood(to: str, settings: LoadSettings, flavour: Flavour) -> None:
    path = "/m/a b $x 'é'.gguf"
    export = render(to, settings, FACTS, model_path=path, flavour=flavour, companions=BESIDE)
    done = parsed(server_words(export, FACTS, 8080), {})
    assert done.returncode == 0, done.stderr
    # Of a word that is said twice the last one alone counts, on which these two rely.
    assert to in {"text-generation-webui", "docker-model-runner"} or "multiple times" not in done.stderr


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("settings", [PLAIN, EVERYTHING])
def test_every_variable_is_understood(settings: LoadSettings, flavour: Flavour) -> None:
    environment = render("llama-server", settings, FACTS, model_path="/m/x.gguf", flavour=flavour).environment
    done = parsed([], environment)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def facts() -> Iterator[ModelFacts]:
    program()
    with real_gemma() as path:
        yield read_model(path)


TYPED = Request(n_ctx=8192, cache_type_k="q8_0", cache_type_v="q8_0")
SPLIT = Request(n_ctx=4096, users=2, cache_type_k="q8_0", cache_type_v="q4_0")
SHARED = Request(n_ctx=6000, n_seq_max=3, kv_unified=True, swa_full=True)


@pytest.mark.parametrize(
    ("to", "asked"),
    [
        *(("llama-server", asked) for asked in (TYPED, SPLIT, SHARED)),
        *zip(MADE_BY_PROGRAMS, (SPLIT, SHARED, SPLIT, TYPED), strict=True),
    ],
)
def test_it_allocates_the_kv_cache_that_was_planned(to: str, asked: Request, facts: ModelFacts) -> None:
    settings = resolve(replace(asked, n_gpu_layers=0), facts)
    made = prepare(to, settings, facts, Planner(facts, answers.computer()).estimate)
    words = server_words(made.export, facts, free_port())
    said = loading(words)
    check_kv_cache(said, made.plan, n_caches=2)  # one of the layers with windows
    assert re.findall(r"n_ctx_seq += ([0-9]+)", said)[:1] == [str(made.plan.settings.n_ctx_per_slot)]


def loading(words: list[str]) -> str:
    """What it says until its memory is reserved; it is not let go on to compute."""
    path, found = program(), []
    line = [str(path), *words, "-lv", "4"]
    with subprocess.Popen(
        line, env=surroundings(path, {}), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        for said in process.stdout:
            found.append(said)
            if "sched_reserve: " in said:
                break
        process.kill()
    return "".join(found)
