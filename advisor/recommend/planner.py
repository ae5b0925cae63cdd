"""`Planner`: says what a load takes, by the engine where it can, else by formula, and which it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from advisor.basis import Basis, Note
from advisor.engine.client import EngineClient
from advisor.engine.deaths import DEVICE_LIMIT
from advisor.engine.dry_run import DryRun, dry_run
from advisor.errors import EngineDied, EngineError, EngineRefused, EngineTimeout
from advisor.hardware.device import Hardware
from advisor.memory.assemble import assemble, targets
from advisor.memory.companions import NO_COMPANIONS, CompanionFormula, Companions
from advisor.memory.formula import Formula
from advisor.memory.kv_cache import check_cache_types, uses_flash_attn
from advisor.memory.placement import check_devices, used_gpus
from advisor.memory.plan import MemoryPlan, Target, Verdict
from advisor.model.facts import ModelFacts
from advisor.recommend.device_limits import DeviceLimits
from advisor.settings.calibration import NOTHING_LEARNED, Calibration
from advisor.settings.load_settings import LoadSettings
from advisor.settings.rope import TRAINED_ROPE

# These concern one question only: the next one may well be answered.
_OF_ONE_QUESTION = (EngineRefused, EngineDied, EngineTimeout)


class Planner:
    """Plans for one model on one computer; every plan is made once.

    With a client, `plan` asks llama.cpp, dry. Where it cannot answer, the formula does and the plan says why.
    The engine is asked only about devices that it has: what it would do on others it cannot know.
    `engine_problem` is the last reason why it did not answer; given at the start, why it is not there.
    `companions` are counted in every plan, `notes` said with each; of `calibration` it is what this computer
    measured beside the buffers. Raises SettingsError for companions that
    do not go with the model.
    """

    def __init__(
        self,
        facts: ModelFacts,
        hardware: Hardware,
        client: EngineClient | None = None,
        *,
        must_ask_engine: bool = False,
        engine_problem: EngineError | None = None,
        companions: Companions = NO_COMPANIONS,
        notes: tuple[Note, ...] = (),
        calibration: Calibration = NOTHING_LEARNED,
    ) -> None:
        self._facts = facts
        self._hardware = hardware
        self._targets = targets(hardware)
        self._formula = Formula(facts, self._targets)
        self._company = companions
        self._companions = CompanionFormula(companions, facts, self._targets)
        self._notes = notes
        # Another computer's GPUs have another overhead than this one's.
        self._calibration = NOTHING_LEARNED if hardware.made_up else calibration
        self._client = client
        self._must_ask_engine = must_ask_engine
        self._plans: dict[LoadSettings, MemoryPlan] = {}
        self._answers: dict[LoadSettings, DryRun] = {}
        self._limits = DeviceLimits(facts, self._targets)
        self.engine_problem = engine_problem

    def _check(self, settings: LoadSettings) -> None:
        check_cache_types(self._facts, settings)
        check_devices(settings, self._targets)

    def estimate(self, settings: LoadSettings) -> MemoryPlan:
        """By formula. Raises SettingsError for cache types that the model or its draft cannot have."""
        self._check(settings)
        return self._assembled(self._companions.as_loaded(settings))

    def plan(self, settings: LoadSettings) -> MemoryPlan:
        """By the engine where it can answer, else by formula with a note that says why.

        What is beyond a limit of a device does not fit, whatever memory there is. Raises SettingsError as
        `estimate`, Cancelled, and with `must_ask_engine` the engine's own error.
        """
        if settings not in self._plans:
            self._plans[settings] = self._made(self._companions.as_loaded(settings))
        return self._plans[settings]

    def instead(self, *, facts: ModelFacts | None = None, hardware: Hardware | None = None) -> Planner:
        """Another model or another computer, with the same companions and by formula."""
        return Planner(
            facts or self._facts,
            hardware or self._hardware,
            companions=self._company,
            calibration=self._calibration,
        )

    def _made(self, settings: LoadSettings) -> MemoryPlan:
        self._check(settings)
        answer, notes = self._asked(settings)
        plan = self._assembled(settings, answer, notes)
        is_impossible = any(note.code == DEVICE_LIMIT for note in notes)
        return replace(plan, verdict=Verdict.DOES_NOT_FIT) if is_impossible else plan

    def _assembled(
        self, settings: LoadSettings, answer: DryRun | None = None, notes: tuple[Note, ...] = ()
    ) -> MemoryPlan:
        """The plan from the engine's answer, by formula without one, with all companions."""
        said = answer.notes if answer else notes
        return assemble(
            self._facts,
            settings,
            self._hardware,
            self._formula.buffers(settings),
            answer.buffers if answer else None,
            basis=answer.basis if answer else Basis.FORMULA,
            measured_overhead=self._calibration.overhead_bytes,
            notes=(*said, *self._notes, *self._companions.notes(settings)),
            companions=self._companions.companions(settings),
        )

    def _asked(self, settings: LoadSettings) -> tuple[DryRun | None, tuple[Note, ...]]:
        """The engine's answer, or None and why there is none."""
        if self._client is None:
            return None, _why(self.engine_problem)
        devices = _engine_devices(self._hardware, used_gpus(settings, self._targets))
        if devices is None:
            note = _MADE_UP if self._hardware.made_up else _NOT_ITS_DEVICES
            if self._must_ask_engine:
                raise EngineRefused(
                    "The installed llama.cpp cannot be asked about this GPU.",
                    hint="Leave out --basis engine: the formula answers for computers that are not here.",
                    code=note.code,
                )
            return None, (note,)
        question = _question(self._facts, settings)
        if reason := self._better_not(question, devices):
            return None, (reason,)
        try:
            if question not in self._answers:
                self._answers[question] = dry_run(self._client, self._facts, question, devices)
                self._limits.worked(question)
            return self._answers[question], ()
        except EngineError as error:
            if error.code == DEVICE_LIMIT:
                note = Note(error.code, f"{error.message} {error.hint}")
                self._limits.failed(question, note)
                return None, (note,)
            if self._must_ask_engine:
                raise
            self.engine_problem = error
            if not isinstance(error, _OF_ONE_QUESTION):
                self._client = None
            return None, _why(error)

    def _better_not(self, question: LoadSettings, devices: tuple[str, ...]) -> Note | None:
        """Why not to ask: the answer would be wrong, or is known to cost the engine's process its life."""
        if devices and _is_misplaced(self._facts, question) and not self._must_ask_engine:
            return _MISPLACED
        return self._limits.beyond(question)


def _question(facts: ModelFacts, settings: LoadSettings) -> LoadSettings:
    """What to ask the engine. How positions are stretched changes no buffer.

    Without attention the cache types are the same question, too: asked only once.

    The state of such models is really allocated by a dry run, which makes each question a slow one.
    """
    settings = replace(settings, rope=TRAINED_ROPE)
    if any(layer.attention for layer in facts.layers):
        return settings
    return replace(settings, cache_type_k="f16", cache_type_v="f16")


def _is_misplaced(facts: ModelFacts, settings: LoadSettings) -> bool:
    """Whether a dry run puts the attention scores elsewhere than a load does.

    ggml_backend_sched_reserve_size assigns them anew (ggml/src/ggml-backend.cpp): on a Vulkan device it
    counted 66 MiB there and 3.5 in the RAM, where the load took 2.5 and 20.
    """
    return not settings.offload_kqv and not uses_flash_attn(facts, settings)


def _why(problem: EngineError | None) -> tuple[Note, ...]:
    if problem is None:
        return ()
    return (Note(problem.code, f"{problem.message} The figures are by formula."),)


_NOT_ITS_DEVICES = Note(
    "engine-lacks-device",
    "The installed llama.cpp does not have this GPU, so the figures are by formula.",
)

_MISPLACED = Note(
    "dry-run-misplaces",
    "With the KV cache in RAM and without flash attention llama.cpp's dry run counts the attention scores on "
    "the wrong side: the figures are by formula, which counts them on both.",
)

_MADE_UP = Note(
    "made-up-hardware", "No engine can be asked about another computer: the figures are by formula."
)


def _engine_devices(hardware: Hardware, used: Sequence[Target]) -> tuple[str, ...] | None:
    """The GPUs to ask the engine about, as it names them; none: the CPU alone. None: it lacks one."""
    names = [target.name for target in used]
    known = {gpu.engine_device for gpu in hardware.gpus}
    return tuple(names) if known.issuperset(names) else None
