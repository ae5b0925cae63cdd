"""What is loaded beside a model and shares its memory: a projector, a draft model, LoRA adapters.

llama.cpp plans the model alone; a load that fits without its companions may not fit with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from advisor.basis import Basis, Note
from advisor.errors import SettingsError
from advisor.memory.adapters import AdapterFormula
from advisor.memory.formula import Formula
from advisor.memory.kv_cache import check_cache_types
from advisor.memory.multi_token import Prediction, prediction_companions
from advisor.memory.plan import Buffers, Companion, CompanionKind, Target
from advisor.model.adapter import Adapter
from advisor.model.architectures import DRAFTS
from advisor.model.facts import ModelFacts, Role
from advisor.model.projector import Projector
from advisor.settings.load_settings import LoadSettings
from advisor.units import format_bytes, format_tokens

# A projector's compute buffer as a share of its file. Published: 1158 MiB in all for a file of 884 (unsloth
# issue 6718). llama.cpp's own dry run (mtmd_get_memory_usage, on the CPU, with the image that it warms up
# with) gave eight known shapes 1.02 to 1.55 times their file: Pixtral 12B 1.02, LLaVA 1.5 1.04, InternVL3
# 1.04, SmolVLM 1.11, Gemma 3 1.15, Qwen2-VL 1.21, Qwen3-VL 1.34, Qwen2.5-VL 1.55. Larger images take more,
# so the largest of these it is, rounded up.
_PROJECTOR_COMPUTE_PERCENT = 60

# common/speculative.cpp: SPEC_VOCAB_MAX_SIZE_DIFFERENCE
_VOCABULARY_TOLERANCE = 128


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft model and what may be said of its load; it shares the rest of the settings with the model.

    `n_gpu_layers` None means all, whatever the model itself was given (common/speculative.cpp).
    """

    facts: ModelFacts
    cache_type_k: str = "f16"
    cache_type_v: str = "f16"
    n_gpu_layers: int | None = None


@dataclass(frozen=True, slots=True)
class Companions:
    """What was given beside the model."""

    projector: Projector | None = None
    draft: Draft | None = None
    adapters: tuple[Adapter, ...] = ()
    prediction: Prediction | None = None


NO_COMPANIONS = Companions()


class CompanionFormula:
    """The sums of one model's companions on given devices, walked over once.

    Raises SettingsError for a draft model that cannot write and for an adapter of another model.
    """

    def __init__(self, companions: Companions, facts: ModelFacts, targets: Sequence[Target]) -> None:
        self._companions = companions
        self._facts = facts
        self._targets = tuple(targets)
        draft = companions.draft
        if draft and (draft.facts.is_encoder or not draft.facts.has_cache):
            raise SettingsError(
                "--model-draft",
                f"{draft.facts.name} does not write text and cannot draft.",
                hint="Give a small model of the same family.",
            )
        self._draft = Formula(draft.facts, targets) if draft else None
        self._in_file = None if companions.prediction else mtp_note(facts)
        self._adapters = tuple(AdapterFormula(adapter, facts, targets) for adapter in companions.adapters)

    def companions(self, settings: LoadSettings) -> tuple[Companion, ...]:
        """What each takes on each device beside a load with `settings`.

        Raises SettingsError for cache types that the draft model cannot have.
        """
        return (
            *self._of_projector(),
            *self._of_draft(settings),
            *self._of_adapters(settings),
            *self._of_prediction(settings),
        )

    def as_loaded(self, settings: LoadSettings) -> LoadSettings:
        """The model's own settings in this company: llama-cpp-python maps no file that it adapts."""
        return replace(settings, use_mmap=False) if self._unmaps(settings) else settings

    def notes(self, settings: LoadSettings) -> tuple[Note, ...]:
        """What should be known of this company, and of companions that the file itself holds."""
        found = [self._in_file] if self._in_file else []
        found += self._draft_notes(settings)
        if self._unmaps(settings):
            text = (
                "With a LoRA adapter llama-cpp-python does not map the model's file: the system cannot drop "
                "weights when memory is short."
            )
            found.append(Note("adapter-unmaps", text))
        return tuple(found)

    def _unmaps(self, settings: LoadSettings) -> bool:
        # llama_cpp/llama.py: use_mmap = use_mmap and lora_path is None
        return bool(self._companions.adapters) and settings.runtime == "llama-cpp-python"

    def _of_projector(self) -> Iterator[Companion]:
        """On the first GPU, in the RAM without one (tools/mtmd/clip.cpp: clip_ctx)."""
        projector = self._companions.projector
        if projector is None:
            return
        kind, device = CompanionKind.PROJECTOR, self._targets[0].name
        yield Companion(
            kind, projector.name, device, projector.weights_bytes, Basis.FORMULA, "all its weights"
        )
        n_bytes = projector_compute_bytes(projector)
        share = f"its compute buffer, assumed to be {_PROJECTOR_COMPUTE_PERCENT} % of the file"
        reason = f"{share}; very large images take more"
        yield Companion(kind, projector.name, device, n_bytes, Basis.ASSUMED, reason)

    def _of_draft(self, settings: LoadSettings) -> Iterator[Companion]:
        draft = self._companions.draft
        if draft is None or self._draft is None:
            return
        load = draft_settings(draft, settings)
        try:
            check_cache_types(draft.facts, load)
        except SettingsError as error:
            reason = error.message.removeprefix(f"{error.option}: ")
            raise SettingsError(f"{error.option}-draft", reason, hint=error.hint) from None
        for buffers in self._draft.buffers(load):
            if buffers.total_bytes:
                yield Companion(
                    kind=CompanionKind.DRAFT_MODEL,
                    name=draft.facts.name,
                    device=buffers.device,
                    n_bytes=buffers.total_bytes,
                    basis=Basis.FORMULA,
                    reason=_parts(buffers, load),
                    mapped_file_bytes=buffers.mapped_file_bytes,
                )

    def _of_adapters(self, settings: LoadSettings) -> Iterator[Companion]:
        kind, reason = CompanionKind.ADAPTER, "its matrices, where the weights are that they change"
        for adapter in self._adapters:
            for device, n_bytes in adapter.bytes_by_device(settings):
                yield Companion(kind, adapter.name, device, n_bytes, Basis.FORMULA, reason)

    def _of_prediction(self, settings: LoadSettings) -> Iterator[Companion]:
        if self._companions.prediction:
            yield from prediction_companions(
                self._companions.prediction, self._facts, settings, self._targets
            )

    def _draft_notes(self, settings: LoadSettings) -> Iterator[Note]:
        draft = self._companions.draft.facts if self._companions.draft else None
        if draft is None:
            return
        if draft.architecture in DRAFTS:
            text = (
                f"{draft.name} works inside the model's own context, so it cannot be asked about alone: its "
                "figures are not verified."
            )
            yield Note("draft-unverified", text)
        elif abs(draft.n_vocab - self._facts.n_vocab) > _VOCABULARY_TOLERANCE:
            text = (
                f"llama.cpp drafts only with nearly the same vocabulary: {draft.name} has "
                f"{draft.n_vocab:,} tokens, this model {self._facts.n_vocab:,}."
            )
            yield Note("draft-vocabulary", text)
        if draft.n_ctx_train < settings.n_ctx_per_slot:
            text = (
                f"{draft.name} was trained for {format_tokens(draft.n_ctx_train)} tokens: its drafts are of "
                "little use above that."
            )
            yield Note("draft-context", text)


def draft_settings(draft: Draft, settings: LoadSettings) -> LoadSettings:
    """How the draft model is loaded beside a load with `settings`.

    Mirrors common_base_params_to_speculative (common/speculative.cpp): the model's context, batches and
    slots, cache types, layers and overrides of its own, one row of logits a slot.
    """
    n_gpu_layers = draft.facts.all_gpu_layers if draft.n_gpu_layers is None else draft.n_gpu_layers
    return replace(
        settings,
        cache_type_k=draft.cache_type_k,
        cache_type_v=draft.cache_type_v,
        n_gpu_layers=min(n_gpu_layers, draft.facts.all_gpu_layers),
        n_outputs_max=settings.n_seq_max,
        n_cpu_moe=0,
        override_tensor=(),
    )


def projector_compute_bytes(projector: Projector) -> int:
    """What encoding an image or a sound takes: a share of the file, assumed."""
    return projector.file_bytes * _PROJECTOR_COMPUTE_PERCENT // 100


def nearby_note(projectors: Sequence[Projector]) -> Note | None:
    """What the smallest of the projectors that lie beside the model would take, None if none does."""
    if not projectors:
        return None
    smallest = projectors[0]
    n_bytes = smallest.weights_bytes + projector_compute_bytes(smallest)
    which = smallest.name if len(projectors) == 1 else f"{smallest.name}, the smallest of {len(projectors)},"
    text = (
        f"A projector lies beside this model: {which} takes about {format_bytes(n_bytes)} more if it is "
        f'loaded, too. Count it with --mmproj "{smallest.path}".'
    )
    return Note("projector-nearby", text)


def mtp_note(facts: ModelFacts) -> Note | None:
    """What the blocks for multi-token prediction in the file would add, None without any."""
    skipped = [weight for weight in facts.weights if weight.role is Role.SKIPPED and weight.layer is not None]
    if not skipped:
        return None
    n_bytes = sum(weight.n_bytes for weight in skipped)
    text = (
        f"The file also holds {format_bytes(n_bytes)} of weights for multi-token prediction, which runtimes "
        "load only when told to. Turned on, they come on top, with a small KV cache and a compute buffer of "
        "their own."
    )
    return Note("prediction-blocks", text)


def _parts(buffers: Buffers, load: LoadSettings) -> str:
    """ "weights 770 MiB, KV cache 256 MiB (8,192 tokens, f16/f16), compute 100 MiB"."""
    at = f"{format_tokens(load.n_ctx)} tokens, {load.cache_type_k}/{load.cache_type_v}"
    parts = (
        ("weights", buffers.weights_bytes, ""),
        ("KV cache", buffers.kv_cache_bytes, f" ({at})"),
        ("recurrent state", buffers.recurrent_state_bytes, ""),
        ("compute", buffers.compute_bytes, ""),
        ("output", buffers.output_bytes, ""),
    )
    return ", ".join(f"{what} {format_bytes(n_bytes)}{how}" for what, n_bytes, how in parts if n_bytes)
