"""Filling a context by copies against decoding every token, on a small model in the RAM.

The model is the smallest of its kind (one layer, two heads of 128): plainly filled to 65,536 tokens, a larger
one would take many minutes on two cores.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from advisor.engine.proof import Filling, FillMethod, Progress
from advisor.engine.protocol import OpenModel
from advisor.engine.prover import Prover
from advisor.settings.load_settings import LoadSettings
from tests.support.small_models import small_llama

SETTINGS = LoadSettings(n_ctx=65536)
WANTED_RATIO = 30


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Prover() as prover:
        facts = small_llama(Path(folder) / "small.gguf", n_layer=1, n_head=2, n_head_kv=2, n_ff=512)
        request = OpenModel(path=str(facts.path))
        prover.load(request, host_usable_bytes=None, on_progress=_ignore)
        seconds: dict[FillMethod, float] = {}
        states: set[int] = set()
        for method in (FillMethod.COPY, FillMethod.FULL):
            started = time.perf_counter()
            filling = prover.fill(SETTINGS, method, _ignore)
            seconds[method] = time.perf_counter() - started
            states.add(filling.state_bytes)
            _show(filling, seconds[method])
        ratio = seconds[FillMethod.FULL] / seconds[FillMethod.COPY]
        same = "equal" if len(states) == 1 else "DIFFERENT"
        print(f"full against copy: ratio {ratio:.1f} (wanted: {WANTED_RATIO}), used state {same}")


def _show(filling: Filling, seconds: float) -> None:
    depths = ", ".join(
        f"{at.depth:,}: {at.prefill_tokens_per_second or 0:.0f}/{at.decode_tokens_per_second or 0:.0f}"
        for at in filling.speed
    )
    print(f"{filling.method}: {filling.filled_tokens:,} tokens in {seconds:.2f} s")
    print(f"  prefill/decode tokens a second by depth: {depths}")


def _ignore(_progress: Progress) -> None:
    """Only the answer counts."""


if __name__ == "__main__":
    main()
