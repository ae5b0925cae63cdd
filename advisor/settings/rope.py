"""`Rope`: how positions are stretched beyond what a model was trained for. Costs no memory."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, fields
from math import ceil, isfinite

from advisor.basis import Note
from advisor.errors import SettingsError
from advisor.model.facts import ModelFacts
from advisor.units import CONTEXT_STEP, format_tokens, pad

ROPE_SCALINGS = ("none", "linear", "yarn")

_HUNDREDTH = 100  # factors are said to two decimals
# Qwen's model cards are written for a factor of 4: "up to 131,072" from 32,768.
USUAL_FACTOR = 4.0
# From one token to more than any context; single precision, in which llama.cpp counts, ends at 1e38.
_LARGEST_FACTOR = 1e8
_FACTORS = ("--rope-scale", "--rope-freq-scale")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rope:
    """llama.cpp's `--rope-*` and `--yarn-*`; None where the model's own value holds (common/arg.cpp).

    `scaling`: "none" | "linear" | "yarn". `scale` is the factor by which the context grows.
    """

    scaling: str | None = None
    scale: float | None = None
    freq_base: float | None = None
    freq_scale: float | None = None
    yarn_orig_ctx: int | None = None
    yarn_ext_factor: float | None = None
    yarn_attn_factor: float | None = None
    yarn_beta_slow: float | None = None
    yarn_beta_fast: float | None = None

    @property
    def factor(self) -> float | None:
        """By how much the context grows; None where nothing was said."""
        if self.scale is not None:
            return self.scale
        return 1 / self.freq_scale if self.freq_scale else None

    def check(self) -> None:
        """Raise SettingsError, naming the option, for what llama.cpp could not work with."""
        if self.scaling is not None and self.scaling not in ROPE_SCALINGS:
            raise SettingsError(
                "--rope-scaling",
                f'"{self.scaling}" is not one of its values.',
                hint=f"Choose one of {', '.join(ROPE_SCALINGS)}.",
            )
        for option, value in said(self).items():
            if isinstance(value, str):
                continue
            may_be_negative = option in {"--yarn-ext-factor", "--yarn-attn-factor"}  # -1: the model's own
            if not isfinite(value) or (
                value <= 0 and not may_be_negative and not option.startswith("--yarn")
            ):
                raise SettingsError(option, f"{value:g} is not possible.", hint="Choose a number above 0.")
            if option in _FACTORS and not 1 / _LARGEST_FACTOR <= value <= _LARGEST_FACTOR:
                raise SettingsError(
                    option,
                    f"{value:g} is not possible.",
                    hint="Usual factors are 2 to 4: --rope-scale 4 is --rope-freq-scale 0.25.",
                )
            if value < 0 and not may_be_negative:
                raise SettingsError(option, f"{value:g} is not possible.", hint="Choose 0 or more.")
        if self.scale is not None and self.freq_scale is not None:
            raise SettingsError(
                "--rope-scale",
                "it says the same as --rope-freq-scale, the other way round.",
                hint="Leave one of them out: --rope-scale 4 is --rope-freq-scale 0.25.",
            )


TRAINED_ROPE = Rope()

# As common/arg.cpp spells them.
_OPTIONS = {
    "scaling": "--rope-scaling",
    "scale": "--rope-scale",
    "freq_base": "--rope-freq-base",
    "freq_scale": "--rope-freq-scale",
    "yarn_orig_ctx": "--yarn-orig-ctx",
    "yarn_ext_factor": "--yarn-ext-factor",
    "yarn_attn_factor": "--yarn-attn-factor",
    "yarn_beta_slow": "--yarn-beta-slow",
    "yarn_beta_fast": "--yarn-beta-fast",
}


def said(rope: Rope) -> dict[str, str | float]:
    """What was said, by llama.cpp's own option, in its order."""
    values = {_OPTIONS[field.name]: getattr(rope, field.name) for field in fields(rope)}
    return {option: value for option, value in values.items() if value is not None}


def trained_n_ctx(facts: ModelFacts) -> int:
    """What the model was trained for before any stretching (src/llama-context.cpp: n_ctx_orig_yarn)."""
    return facts.n_ctx_original or facts.n_ctx_train


def stretched(facts: ModelFacts, n_ctx: int) -> Rope:
    """YaRN for `n_ctx` tokens in one slot: the smallest factor, to a hundredth, that reaches it.

    Within the training context, and for a model without rotary positions, nothing is said. llama.cpp takes
    the training context anew from these values, in single precision, and its server cuts a slot there
    (src/llama-context.cpp: llama_init_from_model), so the factor is never a rounding below.
    """
    original = trained_n_ctx(facts)
    if not facts.has_rope or not original or n_ctx <= facts.n_ctx_train:
        return TRAINED_ROPE
    hundredths = ceil(n_ctx * _HUNDREDTH / original)
    while _reach(original, hundredths / _HUNDREDTH) < n_ctx:
        hundredths += 1
    return Rope(scaling="yarn", scale=hundredths / _HUNDREDTH, yarn_orig_ctx=original)


def reaches(facts: ModelFacts, rope: Rope) -> int:
    """The tokens that one slot of llama-server may have: the training context, or what YaRN makes of it."""
    factor = rope.factor
    if (rope.scaling or facts.rope_scaling) != "yarn" or not factor:
        return facts.n_ctx_train
    return _reach(rope.yarn_orig_ctx or trained_n_ctx(facts), factor)


def stretching_note(facts: ModelFacts, rope: Rope) -> Note | None:
    """What stretching costs, in words; None where nothing is stretched."""
    if rope == TRAINED_ROPE:
        return None
    how = {"yarn": "YaRN", "linear": "linear scaling"}.get(rope.scaling or "", "changed positions")
    by = f" by {rope.factor:g}" if rope.factor else ""
    text = (
        f"The positions are stretched{by} with {how} beyond the {format_tokens(trained_n_ctx(facts))} tokens "
        "that the model was trained for: short texts suffer, too, and how well long ones work depends on the "
        "model. Leave it out where you do not need it."
    )
    if facts.rope_scaling == "longrope":
        text += " This model already stretches in its own way (LongRoPE), which does not go with it."
    elif rope.factor and rope.factor > USUAL_FACTOR:
        text += f" Model cards speak of factors up to {USUAL_FACTOR:g}."
    return Note("stretched-positions", text)


def check_trained(
    facts: ModelFacts, n_ctx_per_slot: int, *, above_training: bool, says_yarn: bool = True
) -> None:
    """Raise SettingsError for a recommendation beyond the training context that nobody asked for.

    A runtime without words for YaRN cannot go there at all: Ollama lowers num_ctx to the training context
    (server/sched.go: effectiveContext), LM Studio knows only the frequencies.
    """
    # The engine rounds up: what is asked for in full may be rounded beyond it.
    if not facts.n_ctx_train or n_ctx_per_slot <= pad(facts.n_ctx_train, CONTEXT_STEP):
        return
    trained = format_tokens(facts.n_ctx_train)
    reason = f"{format_tokens(n_ctx_per_slot)} tokens are more than the {trained} that it was trained for."
    if not says_yarn:
        raise SettingsError(
            "--ctx-size",
            f"{reason} This runtime cannot be told to stretch it.",
            hint="Choose a smaller context, or --runtime llama-server with --above-training.",
        )
    if not above_training:
        raise SettingsError(
            "--ctx-size",
            reason,
            hint="Add --above-training to stretch it with YaRN, or choose a smaller context.",
        )


def _reach(original: int, factor: float) -> int:
    """n_ctx_orig_yarn / rope_freq_scale as llama.cpp counts: both single precision, cut to a whole number."""
    freq_scale = ctypes.c_float(1.0 / ctypes.c_float(factor).value).value
    return int(ctypes.c_float(original / freq_scale).value)
