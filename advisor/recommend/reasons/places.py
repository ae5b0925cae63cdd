"""Why something lies elsewhere than the runtime would put it, and what going beyond the training costs."""

from __future__ import annotations

from advisor.basis import Note
from advisor.recommend.cpu_placement import moves_to_cpu
from advisor.recommend.result import Alternative
from advisor.units import format_tokens


def place_reasons(chosen: Alternative, rows: tuple[Alternative, ...]) -> tuple[Note, ...]:
    """What the same cache types would hold where the runtime puts everything; `rows[0]` leaves it to it."""
    settings, base = chosen.settings, rows[0].settings
    if not chosen.n_ctx_max:
        return ()
    plain = next(row for row in rows if row.cache_types == chosen.cache_types)
    held = format_tokens(plain.n_ctx_max)
    values = {"n_ctx_max": plain.n_ctx_max, "n_cpu_moe": settings.n_cpu_moe}
    if moves_to_cpu(settings, base):
        what = "the KV cache is in the RAM"
        if settings.n_cpu_moe > base.n_cpu_moe:
            what = f"the experts of {settings.n_cpu_moe} layers are on the CPU"
        elif settings.n_gpu_layers < base.n_gpu_layers:
            what = f"{base.n_gpu_layers - settings.n_gpu_layers} layers are on the CPU"
        alone = f"no more than {held} tokens" if plain.n_ctx_max else "nothing"
        return (Note("on-cpu", f"With all of it on the GPU {alone} would fit, so {what}.", values),)
    if settings.split_mode == "none" and base.split_mode != "none":
        text = f"GPU {settings.main_gpu} alone holds enough, and writes faster than all of them together."
        return (Note("one-gpu", text, {"main_gpu": settings.main_gpu}),)
    if settings.tensor_split != base.tensor_split or settings.devices != base.devices:
        text = f"Spread as the runtime does by itself, only {held} tokens would fit."
        return (Note("split", text, values),)
    return ()


def above_training(n_ctx: int, trained: int) -> Note:
    """That positions are stretched, and what that costs; both in the runtime's own word."""
    wanted, known = format_tokens(n_ctx), format_tokens(trained)
    text = (
        f"{wanted} tokens are more than the {known} that the model was trained for. The positions are "
        "stretched with YaRN, and answers get worse, short ones too."
    )
    return Note("above-training", text, {"n_ctx": n_ctx, "n_ctx_train": trained})
