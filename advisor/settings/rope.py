"""`Rope`: how positions are stretched beyond what a model was trained for. Costs no memory."""

from __future__ import annotations

from dataclasses import dataclass


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


TRAINED_ROPE = Rope()
