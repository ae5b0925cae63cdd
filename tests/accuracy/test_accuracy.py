"""The table itself, from made-up answers: what counts as exact, as near, as a refusal."""

from dataclasses import replace

import pytest

from advisor.units import MiB
from tests.accuracy.__main__ import markdown
from tests.accuracy.comparison import Row, count, settings_for
from tests.support.planning import a_model

BOTH = {"weights": 100, "kv_cache": 50, "recurrent_state": 0, "compute": 100 * MiB}
ROW = Row("model", 4096, "f16", BOTH, BOTH)


@pytest.mark.parametrize(
    ("theirs", "ours", "is_near"),
    [(100, 110, True), (100, 111, False), (100, 90, True), (100, 89, False), (10, 12, True), (10, 13, False)],
)
def test_a_tenth_or_two_mebibytes_is_near(theirs: int, ours: int, is_near: bool) -> None:
    row = replace(ROW, engine=BOTH | {"compute": theirs * MiB}, formula=BOTH | {"compute": ours * MiB})
    assert row.is_near is is_near


def test_counts_leave_refusals_out() -> None:
    off = replace(ROW, formula=BOTH | {"kv_cache": 51, "compute": 2 * BOTH["compute"]})
    refused = replace(ROW, engine={}, refusal="no", by_both=True)
    (found,) = count([ROW, off, refused])
    assert (found.n_asked, found.n_near) == (2, 1)
    assert found.n_exact == {"weights": 2, "kv_cache": 1, "recurrent_state": 2}


def test_the_table_names_what_differs() -> None:
    off = replace(ROW, name="other", formula=BOTH | {"weights": 99})
    refused = replace(ROW, name="third", engine={}, refusal="too large")
    text = markdown([ROW, off, refused])
    assert "| model | 4,096 | f16 | exact | exact | exact | near | 100.00 MiB | 100.00 MiB | +0.0 % |" in text
    assert "| other | 4,096 | f16 | differs |" in text
    assert "only one refuses: too large" in text
    assert "- 4,096 tokens, f16: weights exact 1 of 2" in text


def test_models_without_a_cache_are_asked_for_every_output() -> None:
    assert settings_for(a_model(), 4096, "q8_0").n_outputs_max == 1
    assert settings_for(replace(a_model(), has_cache=False), 4096, "f16").n_outputs_max == 2048
