from dataclasses import replace

import pytest

from advisor.memory.recurrent import state_bytes
from advisor.model.facts import Recurrence
from advisor.settings.load_settings import LoadSettings
from advisor.units import MiB

# Mamba2 2.7B: (4 - 1) * (5120 + 2 * 128) and 128 * 5120, 64 layers.
MAMBA2 = Recurrence(conv_elements=3 * (5120 + 2 * 128), state_elements=128 * 5120)


@pytest.mark.parametrize(("n_seq_max", "mebibytes"), [(1, 163.94), (4, 655.75)])
def test_mamba2_as_the_engine_logged_it(n_seq_max: int, mebibytes: float) -> None:
    settings = LoadSettings(n_ctx=8192, n_seq_max=n_seq_max)
    assert 64 * state_bytes(settings, MAMBA2) / MiB == pytest.approx(mebibytes, abs=0.01)


def test_neither_context_nor_cache_type_matters() -> None:
    settings = LoadSettings(n_ctx=256)
    other = replace(settings, n_ctx=131072, cache_type_k="q4_0", cache_type_v="q4_0")
    assert state_bytes(settings, MAMBA2) == state_bytes(other, MAMBA2)
