"""One model: its facts, what is recommended, what the user's own settings take, by formula and by engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.hardware.device import Hardware
from advisor.hardware.reserve import Reserve
from advisor.library.belonging import runtime_of
from advisor.library.listing.header_cache import stamp_of
from advisor.library.places import places_here
from advisor.memory.companions import NO_COMPANIONS, Companions
from advisor.memory.plan import MemoryPlan
from advisor.model import read_model
from advisor.model.facts import ModelFacts
from advisor.recommend.advise import advise
from advisor.recommend.comfort import NO_SPEED, speed_of
from advisor.recommend.need import Part, file_part
from advisor.recommend.planner import Planner
from advisor.recommend.planning import Planning
from advisor.recommend.result import Recommendation
from advisor.recommend.row import largest_row
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.settings.runtimes import RUNTIMES
from advisor.speed import calibrated, decoding
from advisor.units import format_tokens

from ui.charts.chart_layout import ContextCurves
from ui.session.answers.chart import PAUSE_SECONDS, cache_name, context_curves
from ui.session.answers.computer import ComputerAnswers
from ui.session.state import EngineAnswer, EnginePlan, ExportWish, Surroundings, Wishes

if TYPE_CHECKING:
    from advisor.export.prepare import Prepared


class ModelAnswers:
    """Asks about models on the computer that `computer` knows, with what is loaded beside them."""

    def __init__(self, computer: ComputerAnswers) -> None:
        self._computer = computer
        self._estimating: tuple[tuple[object, ...], Planner] | None = None

    def read(self, path: Path) -> ModelFacts:
        """Raises ModelError."""
        return read_model(path)

    def stamp(self, files: tuple[Path, ...]) -> str | None:
        """Changes with every change of these files; None where one of them is gone."""
        return stamp_of(files)

    def runtime_of(self, path: Path) -> str | None:
        """The runtime that a file belongs to, where it lies in that one's folder."""
        belongs_to = runtime_of(path, places_here())
        return belongs_to if belongs_to in RUNTIMES else None

    def by_formula(self, facts: ModelFacts, wishes: Wishes) -> Recommendation:
        """Within milliseconds. Raises SettingsError where this runtime cannot have this model."""
        planner = self._computer.planner(facts, wishes.hardware, wishes.companions)
        return self._advise(facts, wishes, planner)

    def by_engine(self, facts: ModelFacts, wishes: Wishes, report: Callable[[str], None]) -> EngineAnswer:
        """The engine's answer; where it failed on the way, the formula's, with the problem.

        `report` is called before every question, and may raise to end the work.
        """
        planner = self._computer.planner(facts, wishes.hardware, wishes.companions, self._computer.client)
        answer = self._advise(facts, wishes, _Reporting(planner, report))
        return EngineAnswer(answer, planner.engine_problem)

    def estimate(
        self,
        facts: ModelFacts,
        hardware: Hardware,
        request: Request,
        companions: Companions = NO_COMPANIONS,
    ) -> MemoryPlan:
        """What the user's own settings take, by formula in under a millisecond: not in the background.

        Raises SettingsError for settings that this model or runtime cannot have.
        """
        asked = facts, hardware, companions, self._computer.calibration
        known = self._estimating
        if known is None or any(one is not other for one, other in zip(known[0], asked, strict=True)):
            known = self._estimating = asked, self._computer.planner(facts, hardware, companions)
        return known[1].estimate(resolve(request, facts))

    def around(
        self,
        facts: ModelFacts,
        hardware: Hardware,
        request: Request,
        companions: Companions = NO_COMPANIONS,
    ) -> Surroundings:
        """The largest safe context of the same settings, and their speed, by formula."""
        row = largest_row(request, facts, self._computer.planner(facts, hardware, companions))
        settings = resolve(request, facts)
        writing = decoding(facts, settings, calibrated(hardware, self._computer.calibration))
        return Surroundings(row.n_ctx_max, speed_of(writing, settings) if writing else NO_SPEED)

    def confirm(
        self,
        facts: ModelFacts,
        hardware: Hardware,
        request: Request,
        companions: Companions = NO_COMPANIONS,
    ) -> EnginePlan:
        """The engine's plan of the user's own settings; where it cannot answer, the formula's and why."""
        planner = self._computer.planner(facts, hardware, companions, self._computer.client)
        return EnginePlan(planner.plan(resolve(request, facts)), planner.engine_problem)

    def curves(self, answer: Recommendation, companions: Companions = NO_COMPANIONS) -> ContextCurves:
        """Memory against context for the chart, by formula, on the device that fills first."""
        return context_curves(self._computer.planner(answer.model, answer.hardware, companions), answer)

    def largest_contexts(
        self,
        answer: Recommendation,
        reserves: Mapping[str, Reserve],
        companions: Companions = NO_COMPANIONS,
    ) -> dict[str, int]:
        """The answer's settings with other amounts kept free: how many tokens each leaves, by formula.

        0 where even the smallest context does not fit so.
        """
        settings = answer.settings
        request = Request(
            runtime=settings.runtime,
            users=answer.goal.users if answer.goal.users > 1 else None,
            cache_type_k=settings.cache_type_k,
            cache_type_v=settings.cache_type_v,
            flash_attn=settings.flash_attn,
            n_gpu_layers=settings.n_gpu_layers,
        )
        largest = {}
        for name, reserve in reserves.items():
            time.sleep(PAUSE_SECONDS)
            hardware = self._computer.hardware(reserve, anew=False)
            planner = self._computer.planner(answer.model, hardware, companions)
            largest[name] = largest_row(request, answer.model, planner).n_ctx_max
        return largest

    def export(
        self,
        facts: ModelFacts,
        hardware: Hardware,
        settings: LoadSettings,
        wanted: ExportWish,
        companions: Companions = NO_COMPANIONS,
    ) -> Prepared:
        """The settings in a runtime's own words, with the plan of what it can say, by formula.

        Raises SettingsError and UsageError where that cannot be written down.
        """
        from advisor.export.prepare import prepare  # all programs' formats: the window is there sooner

        planner = self._computer.planner(facts, hardware, companions)
        return prepare(
            wanted.runtime,
            settings,
            facts,
            planner.estimate,
            flavour=wanted.flavour,
            shell=wanted.shell,
            name=wanted.name,
            companions=companions,
        )

    def count_file(self, path: Path, facts: ModelFacts, report: Callable[[str], None]) -> Part:
        """The tokens of a text file, by the model's vocabulary or, without an engine, estimated.

        `report` is called between pieces and may raise. Raises UsageError for what is no text.
        """
        stage = f"counting {path.name}"
        client = self._computer.client if self._computer.introduction else None
        return file_part(path, facts, client, lambda: report(stage))

    def _advise(self, facts: ModelFacts, wishes: Wishes, planner: Planning) -> Recommendation:
        request = Request(runtime=wishes.runtime, gpu_only=wishes.gpu_only)
        return advise(
            *(facts, wishes.hardware, wishes.goal, request, planner),
            calibration=self._computer.calibration,
        )


class _Reporting:
    """A planner that says what it asks the engine, before it asks."""

    def __init__(self, planner: Planner, report: Callable[[str], None]) -> None:
        self._planner = planner
        self._report = report

    def estimate(self, settings: LoadSettings) -> MemoryPlan:
        return self._planner.estimate(settings)

    def plan(self, settings: LoadSettings) -> MemoryPlan:
        self._report(
            f"asking llama.cpp: {format_tokens(settings.n_ctx)} tokens, {cache_name(settings)} KV cache"
        )
        return self._planner.plan(settings)

    def instead(self, *, facts: ModelFacts | None = None, hardware: Hardware | None = None) -> Planning:
        return self._planner.instead(facts=facts, hardware=hardware)
