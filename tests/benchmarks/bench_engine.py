"""Asking the engine: a process kept for all questions against one a question, and what each step takes.

    python -m tests.benchmarks.bench_engine [FILE]

Without FILE the Gemma 3 270M of the development extra is put together in a temporary folder.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from advisor.engine.client import EngineClient
from advisor.engine.dry_run import dry_run
from advisor.engine.protocol import OpenModel
from advisor.gguf.reader import read_header
from advisor.model.build import facts as read_facts
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings
from tests.benchmarks.figure import Figure
from tests.benchmarks.timing import seconds
from tests.support.gemma import real_gemma

QUESTIONS = [LoadSettings(n_ctx=4096 * n) for n in range(1, 17)]
REPEATS = 5


def main() -> list[Figure]:
    with real_gemma() as file:
        return _show(file)


def _show(file: Path) -> list[Figure]:
    facts = read_facts(read_header(file))
    print(f"{file.name}, {len(QUESTIONS)} contexts")
    start = _compare("start", "the whole package", _import_package, "the bindings alone", _start)
    with EngineClient() as client:
        client.hello()
        opening = _compare(
            "open the model",
            "with its vocabulary",
            lambda: _open(client, OpenModel(path=str(file))),
            "without",
            lambda: _open(
                client, OpenModel(path=str(file), architecture=facts.architecture, n_vocab=facts.n_vocab)
            ),
        )
    answering = _compare(
        "answer all questions",
        "a process a question",
        lambda: _each_afresh(facts),
        "one process",
        lambda: _in_one(facts),
        repeats=1,
    )
    with EngineClient() as client:
        dry_run(client, facts, QUESTIONS[0])
        one = statistics.median(seconds(lambda s=s: dry_run(client, facts, s)) for s in QUESTIONS) * 1e3
        print(f"one more context of an open model: {one:.1f} ms")
    basis = f"{file.name}, "
    return [
        Figure("engine start", start, "times faster", f"{basis}against import llama_cpp", at_least=1.5),
        Figure("model opened by the engine", opening, "times faster", f"{basis}against with its vocabulary"),
        Figure(
            f"{len(QUESTIONS)} contexts asked of the engine",
            answering,
            "times faster",
            f"{basis}against one engine load a question",
            at_least=5,
        ),
        Figure("one more context of an open model", one, "ms", basis + "asked of the engine", at_most=50),
    ]


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
) -> float:
    """How many times faster the second is than the first, medians of both."""
    before = statistics.median(seconds(do_slowly) for _ in range(repeats))
    after = statistics.median(seconds(do_fast) for _ in range(repeats))
    ratio = before / after
    print(f"{what}: {slow} {before * 1e3:.0f} ms, {fast} {after * 1e3:.0f} ms, ratio {ratio:.1f}")
    return ratio


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _show(Path(sys.argv[1]))
    else:
        main()
