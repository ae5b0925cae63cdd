"""What was exported, read by llama-server itself: flags, variables, presets, and what it allocates."""

import json
import re
import shlex
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from advisor.export.choices import FLAVOURS, Flavour
from advisor.export.prepare import prepare
from advisor.export.registry import render
from advisor.memory.companions import Companions, Draft
from advisor.model import ModelFacts, read_model
from advisor.model.adapter import Adapter
from advisor.model.projector import Projector
from advisor.recommend.planner import Planner
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.rope import Rope
from advisor.settings.runtimes import resolve
from advisor.units import MiB
from tests.support import answers
from tests.support.gemma import real_gemma
from tests.support.llama_server_program import free_port, parsed, program, surroundings
from tests.support.planning import a_model
from tests.support.yaml_readers import read_yaml

pytestmark = pytest.mark.llama_server

FACTS = a_model()
PLAIN = LoadSettings(n_ctx=32768, n_gpu_layers=33)
EVERYTHING = LoadSettings(
    n_ctx=8192,
    n_batch=1024,
    n_ubatch=256,
    n_seq_max=2,
    kv_unified=False,
    swa_full=True,
    cache_type_k="q8_0",
    cache_type_v="q4_0",
    n_gpu_layers=20,
    offload_kqv=False,
    op_offload=False,
    n_cpu_moe=12,
    override_tensor=((r"blk\.(2[0-9])\.ffn_.*_exps", "CPU"), ("output", "CPU")),
    split_mode="row",
    main_gpu=1,
    tensor_split=(3.0, 1.5),
    use_mmap=False,
    rope=Rope(scaling="yarn", scale=2.5, freq_base=1e6, yarn_orig_ctx=32768, yarn_beta_fast=16),
)
BESIDE = Companions(
    projector=Projector(Path("/m/m mproj.gguf"), 1, 1),
    draft=Draft(a_model(n_layer=8), cache_type_k="q8_0"),
    adapters=(Adapter(Path("/m/one.gguf"), "llama", ()), Adapter(Path("/m/two.gguf"), "llama", ())),
)


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
@pytest.mark.parametrize(
    "to", ["llama-server", "llama-swap", "opencode", "text-generation-webui", "ramalama"]
)
def test_every_flag_is_understood(to: str, settings: LoadSettings, flavour: Flavour) -> None:
    path = "/m/a b $x 'é'#;.gguf"
    export = render(to, settings, FACTS, model_path=path, flavour=flavour, companions=BESIDE)
    if to == "llama-swap":
        (model,) = read_yaml(export.files[0].text)["models"].values()
        words = shlex.split(model["cmd"].replace("${PORT}", "8080"))[1:]
    elif to == "text-generation-webui":
        (entry,) = read_yaml(export.files[0].text).values()
        words = shlex.split(entry["extra_flags"])
    elif to == "ramalama":
        (runtime_args,) = (
            word for word in shlex.split(export.commands[0]) if word.startswith("--runtime-args=")
        )
        words = shlex.split(runtime_args.partition("=")[2])
    else:
        words = shlex.split(export.commands[0])[1:]
    done = parsed(words, {})
    assert done.returncode == 0, done.stderr
    assert "multiple times" not in done.stderr  # the last one alone would count


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("settings", [PLAIN, EVERYTHING])
def test_every_variable_is_understood(settings: LoadSettings, flavour: Flavour) -> None:
    environment = render("llama-server", settings, FACTS, model_path="/m/x.gguf", flavour=flavour).environment
    done = parsed([], environment)
    assert done.returncode == 0, done.stderr


@contextmanager
def router(preset: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    path, port = program(), free_port()
    words = [str(path), "--models-preset", str(preset), "--port", str(port), "--host", "127.0.0.1"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, env=surroundings(path, {}), stdout=quiet, stderr=quiet) as process:
        try:
            yield process, f"http://127.0.0.1:{port}/models"
        finally:
            process.terminate()


def listed(process: subprocess.Popen[bytes], address: str) -> Any:
    """What the router knows, once it answers; None if it ended before."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return json.load(answer)["data"]
        except OSError:
            try:
                process.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
            return None
    pytest.fail("the router did not answer")


def test_the_router_refuses_an_unknown_key(tmp_path: Path) -> None:
    preset = tmp_path / "x.ini"
    preset.write_text("[x]\nmodel = /m/x.gguf\nno-such-key = 1\n")
    with router(preset) as (process, address):
        assert listed(process, address) is None
        assert process.returncode != 0


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_router_makes_the_same_command_of_the_preset(flavour: Flavour, tmp_path: Path) -> None:
    path = "/m/a b $x 'é'.gguf"
    export = render("llama-router", EVERYTHING, FACTS, model_path=path, flavour=flavour, companions=BESIDE)
    preset = tmp_path / "x.ini"
    preset.write_text(export.files[0].text, encoding="utf-8")
    with router(preset) as (process, address):
        (model,) = listed(process, address)
    assert model["id"] == "a-b-x"
    words = model["status"]["args"]
    said = dict(line.split(" = ", 1) for line in export.files[0].text.splitlines() if " = " in line)
    for key in said.keys() - {"version", "load-on-startup"}:
        place = words.index(f"--{key}")
        assert said[key] == "true" or words[place + 1] == said[key], key
    done = parsed(words[1:], {})
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def facts() -> Iterator[ModelFacts]:
    program()
    with real_gemma() as path:
        yield read_model(path)


@pytest.mark.parametrize("to", ["llama-server", "llama-swap", "docker-model-runner"])
@pytest.mark.parametrize(
    "asked",
    [
        Request(n_ctx=8192, cache_type_k="q8_0", cache_type_v="q8_0"),
        Request(n_ctx=4096, users=2, cache_type_k="q8_0", cache_type_v="q4_0"),
        Request(n_ctx=6000, n_seq_max=3, kv_unified=True, swa_full=True),
    ],
)
def test_it_allocates_the_kv_cache_that_was_planned(to: str, asked: Request, facts: ModelFacts) -> None:
    settings = resolve(replace(asked, n_gpu_layers=0), facts)
    made = prepare(to, settings, facts, Planner(facts, answers.computer()).estimate)
    text = made.export.files[0].text
    if to == "llama-swap":
        (entry,) = read_yaml(text)["models"].values()
        words = shlex.split(entry["cmd"].replace("${PORT}", str(free_port())))[1:]
    elif to == "docker-model-runner":
        model = read_yaml(text)["models"]["llm"]
        own = ["-ngl", "999", "--model", str(facts.path), "--ctx-size", str(model["context_size"])]
        words = [*own, *model["runtime_flags"], "--port", str(free_port())]
    else:
        words = [*shlex.split(made.export.commands[0])[1:], "--port", str(free_port())]
    planned = sum(line.buffers.kv_cache_bytes for line in made.plan.memory)
    sizes, n_ctx = allocated_mib(words)
    assert n_ctx == made.plan.settings.n_ctx_per_slot
    assert sizes
    assert abs(sum(sizes) - planned / MiB) < 0.005 * len(sizes) + 1e-6  # each is printed to a hundredth


def allocated_mib(words: list[str]) -> tuple[list[float], int]:
    """Each part of the KV cache in MiB as it logs it, and the context of one slot."""
    path = program()
    line = [str(path), *words, "-lv", "4"]
    sizes, n_ctx = [], 0
    with subprocess.Popen(
        line, env=surroundings(path, {}), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        for said in process.stdout:
            if found := re.search(r"llama_kv_cache: size = +([0-9.]+) MiB", said):
                sizes.append(float(found[1]))
            if found := re.search(r"n_ctx_seq += ([0-9]+)", said):
                n_ctx = int(found[1])
            if "sched_reserve: " in said:
                break
        process.kill()
    return sizes, n_ctx
