"""Every piece of a memory bar has its words."""

from __future__ import annotations

import pytest

from ui.charts.memory_layout import Part
from ui.charts.part_words import part_explained, part_words


@pytest.mark.parametrize("part", list(Part))
def test_every_part_has_a_name_and_a_meaning(part: Part) -> None:
    assert part_words(part)
    assert part_explained(part)
