"""What was exported for llama-cpp-python, read by the library and by its server's settings, and loaded."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from advisor.export.export import File
from advisor.export.prepare import prepare
from advisor.export.registry import render
from advisor.memory.companions import Companions
from advisor.model import ModelFacts, read_model
from advisor.model.adapter import Adapter
from advisor.recommend.planner import Planner
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.settings.rope import Rope
from tests.support import answers
from tests.support.export_settings import EVERYTHING, PLAIN
from tests.support.gemma import real_gemma
from tests.support.kv_log import check_kv_cache
from tests.support.planning import a_model

pytestmark = pytest.mark.engine

PROGRAM = Path(__file__).with_name("llama_cpp_python_words.py")
FACTS = a_model()
ADAPTED = Companions(adapters=(Adapter(Path("/m/one.gguf"), "llama", ()),))
SETTINGS = (
    PLAIN,
    EVERYTHING,
    replace(PLAIN, n_gpu_layers=0, flash_attn="on", cache_type_k="bf16", cache_type_v="iq4_nl"),
    replace(PLAIN, rope=Rope(scaling="linear", freq_scale=0.25)),
)


def asked(files: Sequence[File], *options: str) -> tuple[list[dict[str, Any]], str]:
    """What the library was asked for by each file, and what llama.cpp said."""
    # Every setting of its server can also be a variable of that name.
    wanted = {"PATH", "HOME", "LD_LIBRARY_PATH", "SYSTEMROOT"}
    kept = {name: value for name, value in os.environ.items() if name in wanted}
    done = subprocess.run(
        [sys.executable, str(PROGRAM), *options],
        input=json.dumps([file._asdict() for file in files]),
        env=kept,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_it_refuses_what_is_wrong() -> None:
    """Else the tests below could not fail."""
    server = ({"n_ctxx": 5}, {"n_ctx": -1}, {"n_gpu_layers": "all"}, {"type_k": "q8_0"}, {"swa_full": True})
    wrong = [File("server.json", json.dumps({"models": [{"model": "x", **words}]})) for words in server]
    wrong.append(File("load_model.py", "from llama_cpp import Llama\nmodel = Llama(model_path='x', ctx=5)\n"))
    found, _ = asked(wrong)
    assert all("refused" in answer for answer in found)


def test_the_code_and_the_servers_file_ask_for_the_same() -> None:
    exports = [
        render(
            "llama-cpp-python",
            replace(settings, runtime="llama-cpp-python"),
            FACTS,
            model_path="/m/a b $x 'é'#;.gguf",
            companions=ADAPTED,
        )
        for settings in SETTINGS
    ]
    assert {tuple(file.name for file in it.files) for it in exports} == {("load_model.py", "server.json")}
    found, _ = asked([file for it in exports for file in it.files])
    for settings, code, server in zip(SETTINGS, found[::2], found[1::2], strict=True):
        said: dict[str, Any] = code["read"]
        assert said["model_path"] == "/m/a b $x 'é'#;.gguf"
        assert (said["n_ctx"], said["n_gpu_layers"]) == (settings.n_ctx, settings.n_gpu_layers)
        both = {name: value for name, value in said.items() if name not in {"op_offload", "swa_full"}}
        assert both.items() <= server["read"].items()


@pytest.fixture(scope="module")
def facts() -> Iterator[ModelFacts]:
    with real_gemma() as path:
        yield read_model(path)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        # The server knows no small windows: with them its file is said to differ, and is not planned.
        ("load_model.py", Request(n_ctx=6000, cache_type_k="q8_0", swa_full=False)),
        ("server.json", Request(n_ctx=8192, cache_type_k="q8_0", cache_type_v="q8_0", flash_attn="on")),
    ],
)
def test_it_allocates_the_kv_cache_that_was_planned(name: str, wanted: Request, facts: ModelFacts) -> None:
    settings = resolve(replace(wanted, runtime="llama-cpp-python", n_gpu_layers=0), facts)
    made = prepare("llama-cpp-python", settings, facts, Planner(facts, answers.computer()).estimate)
    (loaded,), said = asked([file for file in made.export.files if file.name == name], "--load")
    assert loaded == {"n_ctx": made.plan.settings.n_ctx}
    check_kv_cache(said, made.plan, n_caches=2)  # one of the layers with windows
