"""One line a model: what it is, and the largest context that is safe here, by formula from its header."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from advisor.errors import AdvisorError, ModelError
from advisor.hardware.device import Hardware
from advisor.library.installed import InstalledModel
from advisor.library.ollama import STORE as OLLAMA
from advisor.memory.plan import Verdict
from advisor.model import ModelFacts, read_model
from advisor.recommend.planner import Planner
from advisor.recommend.search import context_range, largest
from advisor.settings.request import Request
from advisor.settings.runtimes import resolve


@dataclass(frozen=True, slots=True)
class Listed:
    """An installed model, what its header says, and what fits.

    `n_ctx_max` is the largest safe context by formula, as the model's runtime would load it with f16 and all
    layers on the GPU, 0 where none is; `verdict` is of that context, else of the smallest. What could not be
    read or planned has None there and a `problem`.
    """

    installed: InstalledModel
    architecture: str | None = None
    quantization: str | None = None
    n_ctx_train: int | None = None
    n_ctx_max: int | None = None
    verdict: Verdict | None = None
    problem: str | None = None


def listed(models: Iterable[InstalledModel], hardware: Hardware) -> Iterator[Listed]:
    """A line for each of `models`; side files that call themselves models by name only are left out.

    Headers are read one after another: parsing is what takes time, and holds the interpreter.
    """
    for model in models:
        if model.problem:
            yield Listed(model, problem=model.problem)
            continue
        try:
            facts = read_model(model.path)
        except ModelError as error:
            # In a folder lie vocabularies, adapters and matrices; a name in Ollama was meant as a model.
            if error.code != "not-a-model" or model.store == OLLAMA:
                yield Listed(model, problem=error.message)
            continue
        yield _line(model, facts, hardware)


def _line(model: InstalledModel, facts: ModelFacts, hardware: Hardware) -> Listed:
    line = Listed(model, facts.architecture, facts.quantization, facts.n_ctx_train)
    try:
        n_ctx_max, verdict = _largest_safe(facts, Request(runtime=model.runtime), hardware)
    except AdvisorError as error:
        return replace(line, problem=error.message)
    return replace(line, n_ctx_max=n_ctx_max, verdict=verdict)


def _largest_safe(facts: ModelFacts, request: Request, hardware: Hardware) -> tuple[int, Verdict]:
    planner = Planner(facts, hardware)
    span = context_range(request, facts)
    best = largest(lambda n_ctx: planner.estimate(resolve(request, facts, n_ctx)).fits, span)
    plan = planner.estimate(resolve(request, facts, best or span.step))
    return (plan.settings.n_ctx if best else 0), plan.verdict
