"""Filling a context by copies against decoding every token, on a small model in the RAM, by depth.

Two ratios: of all that a fill takes, and of filling alone. Either fill also measures speed at five depths,
token by token, which takes the same time by both methods and would hide what copies save.

The model is the smallest of its kind (one layer, two heads of 128): plainly filled to 65,536 tokens, a larger
one would take many minutes on two cores.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from advisor.engine.proof import Filling, FillMethod, Progress
from advisor.engine.protocol import OpenModel
from advisor.engine.prover import Prover
from advisor.settings.load_settings import LoadSettings
from tests.benchmarks.figure import Figure
from tests.support.small_models import small_llama

DEPTHS = (8192, 32768, 65536)
WANTED_RATIO = 30  # at the last of them


def main() -> list[Figure]:
    figures = []
    with tempfile.TemporaryDirectory() as folder, Prover() as prover:
        facts = small_llama(Path(folder) / "small.gguf", n_layer=1, n_head=2, n_head_kv=2, n_ff=512)
        prover.load(OpenModel(path=str(facts.path)), host_usable_bytes=None, on_progress=_ignore)
        for n_ctx in DEPTHS:
            settings = LoadSettings(n_ctx=n_ctx)
            copy = prover.fill(settings, FillMethod.COPY, _ignore)
            full = prover.fill(settings, FillMethod.FULL, _ignore)
            _show(copy)
            _show(full)
            wanted = f" (wanted: {WANTED_RATIO})" if n_ctx == DEPTHS[-1] else ""
            same = "equal" if copy.state_bytes == full.state_bytes else "DIFFERENT"
            alone, whole = _alone(full) / _alone(copy), full.seconds / copy.seconds
            print(
                f"full against copy at {n_ctx:,}: ratio {alone:.1f} filling alone{wanted}, "
                f"{whole:.1f} with measuring; used state {same}"
            )
            what, basis = f"copy fill at {n_ctx:,} tokens", "against a full fill, a small model in the RAM"
            at_least = WANTED_RATIO if n_ctx == DEPTHS[-1] else None
            figures.append(Figure(what, alone, "times faster", f"{basis}; used state {same}", at_least))
    return figures


def _alone(filling: Filling) -> float:
    """The seconds without what only measured speed; the last piece, decoded at full depth, is the fill's."""
    return filling.seconds - filling.measuring_seconds


def _show(filling: Filling) -> None:
    depths = ", ".join(
        f"{at.depth:,}: {at.prefill_tokens_per_second or 0:.0f}/{at.decode_tokens_per_second or 0:.0f}"
        for at in filling.speed
    )
    print(
        f"{filling.method}: {filling.filled_tokens:,} tokens in {filling.seconds:.2f} s, "
        f"{filling.measuring_seconds:.2f} s of them to measure speed"
    )
    print(f"  prefill/decode tokens a second by depth: {depths}")


def _ignore(_progress: Progress) -> None:
    """Only the answer counts."""


if __name__ == "__main__":
    main()
