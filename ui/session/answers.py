"""Every question that the window asks of the domain, in one place and without Qt.

All methods but `estimate` may take a while and are called on a background thread; the engine's own are
called one after the other.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from advisor.engine import remedies
from advisor.engine.client import EngineClient
from advisor.engine.devices import devices_of
from advisor.engine.launch import Launch
from advisor.engine.protocol import EngineInfo
from advisor.errors import AdvisorError
from advisor.export.prepare import Prepared, prepare
from advisor.hardware.detect import default_detectors, detect, run_detectors
from advisor.hardware.device import Hardware
from advisor.hardware.reading import Detection
from advisor.hardware.reserve import Reserve
from advisor.history.keeping import keep, learned
from advisor.history.record import ProbeRecord, model_key
from advisor.history.store import History
from advisor.library.belonging import runtime_of
from advisor.library.installed import InstalledModel, Scan
from advisor.library.listing import Listed
from advisor.library.places import places_here
from advisor.library.scan import scan
from advisor.library.scanning import Headers
from advisor.memory.plan import DeviceMemory, MemoryPlan
from advisor.model import read_model
from advisor.model.facts import ModelFacts
from advisor.probe.events import Event
from advisor.probe.stop import Stop
from advisor.recommend.advise import advise
from advisor.recommend.comfort import NO_SPEED, speed_of
from advisor.recommend.goals import DEFAULT_GOAL, delete_goal, load_goals, own_goals, save_goal
from advisor.recommend.need import Part
from advisor.recommend.planner import Planner
from advisor.recommend.planning import Planning
from advisor.recommend.prompt import file_part
from advisor.recommend.result import Goal, Recommendation
from advisor.recommend.rows import largest_row
from advisor.settings.calibration import NOTHING_LEARNED
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.runtimes import DEFAULT_RUNTIME, RUNTIMES, resolve
from advisor.speed import calibrated, decoding
from advisor.units import CONTEXT_STEP, format_tokens

from ui.charts.chart_layout import ContextCurves, Curve, Point
from ui.charts.chart_sampling import sampled
from ui.session.proof_run import run_proof
from ui.session.proof_state import Proved
from ui.session.state import EngineAnswer, EngineFacts, EnginePlan, ExportWish, Surroundings, Wishes

_CURVE_TYPES = ("f16", "q8_0", "q4_0")
_PAUSE_SECONDS = 0.001
# The chart reaches this far beyond the largest context of the table: the budget line is crossed inside it.
_BEYOND_LARGEST = 1.25
_SHORTEST_AXIS = 16 * CONTEXT_STEP  # a line needs some length
_SHOWN_PROOFS = 20
_IDLE_SECONDS = 20.0  # with a GPU, the engine's process holds memory as long as it lives


class Answers:
    """The domain, as the window sees it. Owns the one engine client."""

    def __init__(self, client: EngineClient | None = None) -> None:
        self._client = client or EngineClient()
        self._headers = Headers()
        self._launch: Launch | None = None  # as the user wants it started, from the next `engine` on
        self._launched: Launch | None = None  # how the client starts it now
        self._folders: tuple[Path, ...] = ()
        self._info: EngineInfo | None = None
        self._detections: list[Detection] | None = None
        self._estimating: tuple[ModelFacts, Hardware, Planner] | None = None
        self._calibration = NOTHING_LEARNED

    def goals(self) -> dict[str, Goal]:
        return load_goals()

    def own_goals(self) -> frozenset[str]:
        """The names of the user's own goals. Raises PresetError."""
        return own_goals()

    def keep_goal(self, goal: Goal) -> None:
        """Raises PresetError."""
        save_goal(goal)

    def forget_goal(self, name: str) -> None:
        """Raises PresetError."""
        delete_goal(name)

    def use_engine(self, launch: Launch) -> None:
        """Start the engine so, from the next `engine` on."""
        self._launch = launch

    def use_folders(self, folders: tuple[Path, ...]) -> None:
        """Look for models there, too."""
        self._folders = folders

    def runtimes(self) -> dict[str, str]:
        """Titles by name."""
        return {name: runtime.title for name, runtime in RUNTIMES.items()}

    def default_goal(self) -> str:
        return DEFAULT_GOAL

    def default_runtime(self) -> str:
        return DEFAULT_RUNTIME

    def read_model(self, path: Path) -> ModelFacts:
        """Raises ModelError."""
        return read_model(path)

    def runtime_of(self, path: Path) -> str | None:
        """The runtime that a file belongs to, where it lies in that one's folder."""
        belongs_to = runtime_of(path, places_here())
        return belongs_to if belongs_to in RUNTIMES else None

    def installed(self) -> Scan:
        """The models in the stores of this computer, by their names alone."""
        return scan(places_here(), self._folders)

    def listed(self, model: InstalledModel, hardware: Hardware) -> Listed | None:
        """A model's facts and its largest safe context, by formula; None for what is no model after all."""
        return self._headers.line(model, hardware)

    def hardware(self, reserve: Reserve, *, anew: bool) -> Hardware:
        """This computer with that much kept free, with the engine's devices as far as they are known.

        `anew` asks the drivers, at a time when no engine is asked; else their last answers count. What the
        proofs here have taught is read again, too.
        """
        if anew or self._detections is None:
            if any(device.is_gpu for device in devices_of(self._info)):
                # Its driver holds memory, which would count as another program's.
                self._client.retire_if_idle(0)
            self._detections = run_detectors(default_detectors(Path("/"), sys.platform))
        hardware = detect(
            devices_of(self._info),
            engine_backends=self._info.backends if self._info else (),
            reserve=reserve,
            detections=self._detections,
        )
        self._learn(hardware)
        return hardware

    def engine(self) -> EngineFacts:
        """Start the engine afresh, since another may be installed by now, and let it introduce itself.

        Raises EngineError.
        """
        self._client.retire_if_idle(0)
        self._info = None
        launch = self._launch
        if launch != self._launched:
            before, self._client, self._launched = self._client, EngineClient(launch), launch
            before.close()
        info = self._client.hello()
        if info.unfit:
            self._client.retire_if_idle(0)  # nothing will be asked of it
            raise remedies.unfit(info.unfit)
        self._info = info
        return EngineFacts(info.binding, info.backends)

    def by_formula(self, facts: ModelFacts, wishes: Wishes) -> Recommendation:
        """Within milliseconds. Raises SettingsError where this runtime cannot have this model."""
        return self._advise(facts, wishes, self._planner(facts, wishes.hardware))

    def by_engine(self, facts: ModelFacts, wishes: Wishes, report: Callable[[str], None]) -> EngineAnswer:
        """The engine's answer; where it failed on the way, the formula's, with the problem.

        `report` is called before every question, and may raise to end the work.
        """
        planner = self._planner(facts, wishes.hardware, self._client)
        answer = self._advise(facts, wishes, _Reporting(planner, report))
        return EngineAnswer(answer, planner.engine_problem)

    def estimate(self, facts: ModelFacts, hardware: Hardware, request: Request) -> MemoryPlan:
        """What the user's own settings take, by formula in under a millisecond: not in the background.

        Raises SettingsError for settings that this model or runtime cannot have.
        """
        known = self._estimating
        if known is None or known[0] is not facts or known[1] is not hardware:
            known = self._estimating = facts, hardware, self._planner(facts, hardware)
        return known[2].estimate(resolve(request, facts))

    def around(self, facts: ModelFacts, hardware: Hardware, request: Request) -> Surroundings:
        """The largest safe context of the same settings, and their speed, by formula."""
        row = largest_row(request, facts, self._planner(facts, hardware))
        settings = resolve(request, facts)
        writing = decoding(facts, settings, calibrated(hardware, self._calibration))
        return Surroundings(row.n_ctx_max, speed_of(writing, settings) if writing else NO_SPEED)

    def confirm(self, facts: ModelFacts, hardware: Hardware, request: Request) -> EnginePlan:
        """The engine's plan of the user's own settings; where it cannot answer, the formula's and why."""
        planner = self._planner(facts, hardware, self._client)
        return EnginePlan(planner.plan(resolve(request, facts)), planner.engine_problem)

    def export(
        self, facts: ModelFacts, hardware: Hardware, settings: LoadSettings, wanted: ExportWish
    ) -> Prepared:
        """The settings in a runtime's own words, with the plan of what it can say, by formula.

        Raises SettingsError and UsageError where that cannot be written down.
        """
        planner = self._planner(facts, hardware)
        return prepare(
            wanted.runtime,
            settings,
            facts,
            planner.estimate,
            flavour=wanted.flavour,
            shell=wanted.shell,
            name=wanted.name,
        )

    def curves(self, answer: Recommendation) -> ContextCurves:
        """Memory against context for the chart, by formula, on the device that fills first."""
        planner = self._planner(answer.model, answer.hardware)
        device = tightest_device(answer)
        names = list(_CURVE_TYPES)
        own = cache_name(answer.settings)
        if own not in names:
            names.append(own)
        highest = _highest_context(answer)
        curves = [Curve(name, _points(planner, answer.settings, name, highest, device)) for name in names]
        line = _line(answer.plan, device)
        return ContextCurves(
            device_name=line.device_name,
            budget_bytes=line.usable_bytes,
            n_ctx_train=answer.model.n_ctx_train,
            curves=tuple(curve for curve in curves if len(curve.points) > 1),
            answer=Point(answer.settings.n_ctx, line.total_bytes),
            answer_name=own,
        )

    def largest_contexts(self, answer: Recommendation, reserves: Mapping[str, Reserve]) -> dict[str, int]:
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
            time.sleep(_PAUSE_SECONDS)
            planner = self._planner(answer.model, self.hardware(reserve, anew=False))
            largest[name] = largest_row(request, answer.model, planner).n_ctx_max
        return largest

    def prove(
        self,
        facts: ModelFacts,
        reserve: Reserve,
        request: Request,
        stop: Stop,
        on_event: Callable[[Event], None],
    ) -> Proved:
        """The real limit of these settings on this computer as it is now, kept with what it teaches.

        Raises what `advisor.probe.prove.prove` raises.
        """
        hardware = self.hardware(reserve, anew=True)
        engine = self._info or self._client.hello()
        stop.go_on()
        result = run_proof(
            *(facts, hardware, request, self._calibration, stop, on_event),
            release=lambda: self._client.retire_if_idle(0),
            launch=self._launched,
        )
        not_kept = keep(facts, hardware, engine, result, History())
        self._learn(hardware)
        return Proved(result, not_kept)

    def proofs(self, facts: ModelFacts) -> tuple[ProbeRecord, ...]:
        """The earlier proofs of this model, newest first. Raises OutputError."""
        return History().records(model_key(facts), limit=_SHOWN_PROOFS)

    def _learn(self, hardware: Hardware) -> None:
        """From now on answers are given by what the proofs here have measured."""
        calibration = learned(hardware, History())
        if calibration != self._calibration:
            self._calibration = calibration
            self._estimating = None

    def _planner(self, facts: ModelFacts, hardware: Hardware, client: EngineClient | None = None) -> Planner:
        return Planner(facts, hardware, client, calibration=self._calibration)

    def _advise(self, facts: ModelFacts, wishes: Wishes, planner: Planning) -> Recommendation:
        return advise(
            *(facts, wishes.hardware, wishes.goal, _request(wishes), planner),
            calibration=self._calibration,
        )

    def count_file(self, path: Path, facts: ModelFacts, report: Callable[[str], None]) -> Part:
        """The tokens of a text file, by the model's vocabulary or, without an engine, estimated.

        `report` is called between pieces and may raise. Raises UsageError for what is no text.
        """
        stage = f"counting {path.name}"
        return file_part(path, facts, self._client if self._info else None, lambda: report(stage))

    def retire_engine(self) -> None:
        """End the engine's process if it has not been asked anything for a while."""
        self._client.retire_if_idle(_IDLE_SECONDS)

    def close(self) -> None:
        """Stop the engine's process, also in the middle of a question."""
        self._headers.close()
        self._client.cancel()
        self._client.close()


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


def _request(wishes: Wishes) -> Request:
    return Request(runtime=wishes.runtime, gpu_only=wishes.gpu_only)


def cache_name(settings: LoadSettings) -> str:
    """ "q8_0", or "q8_0 / q4_0" where K and V differ."""
    k, v = settings.cache_type_k, settings.cache_type_v
    return k if k == v else f"{k} / {v}"


def tightest_device(answer: Recommendation) -> str:
    """The device with the least room left, as ggml names it: the one that bounds the context."""
    return min(answer.plan.memory, key=lambda line: line.usable_bytes - line.total_bytes).device


def _highest_context(answer: Recommendation) -> int:
    """The end of the context axis: beyond what fits, but not beyond the training context without need."""
    largest = max((row.n_ctx_max for row in answer.alternatives), default=0)
    least = max(answer.settings.n_ctx, _SHORTEST_AXIS)
    trained = answer.model.n_ctx_train * answer.settings.n_seq_max
    return max(least, min(int(largest * _BEYOND_LARGEST), trained))


def _points(
    planner: Planner, settings: LoadSettings, name: str, highest: int, device: str
) -> tuple[Point, ...]:
    """Empty for a cache type that this model cannot have."""
    k, _, v = name.partition(" / ")
    typed = replace(settings, cache_type_k=k, cache_type_v=v or k)

    def at(n_ctx: int) -> Point:
        # Python runs one thread at a time: without a pause the window could not paint meanwhile.
        time.sleep(_PAUSE_SECONDS)
        plan = planner.estimate(typed.with_n_ctx(n_ctx))
        return Point(plan.settings.n_ctx, _line(plan, device).total_bytes)

    try:
        return sampled(at, settings.context_step, highest)
    except AdvisorError:
        return ()


def _line(plan: MemoryPlan, device: str) -> DeviceMemory:
    return next(line for line in plan.memory if line.device == device)
