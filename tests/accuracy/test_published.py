"""Published KV caches and states are met exactly; what is not, by a rule of older builds that is known."""

from __future__ import annotations

import io
import tomllib

import pytest

from advisor.units import MiB
from tests.accuracy.published import Row, counts, left_out, markdown, print_table, rows
from tests.accuracy.published_models import read_facts
from tests.accuracy.published_points import DATA, Figure, is_host, read_points, sentence

CACHES = ("KV cache", "state")

# The caches that differ, and what the rule of the build that printed them makes of the same load.
ACCEPTED = {
    # 12 windows of PAD(128 + 512, 32) cells, 2 KiB each, beside 12 full caches of 4,096
    (2, "kv_parts Vulkan0_swa"): ("window-padding", 12 * 640 * 2048),
    (2, "kv Vulkan0"): ("window-padding", 12 * (640 + 4096) * 2048),
    # a cache for an encoder: 12 blocks, 512 cells of 384 keys and 384 values of 2 bytes
    (26, "kv CUDA0"): ("encoder-cache", 12 * 512 * 2 * 384 * 2),
}
# What a file's maker chose, and how llama.cpp counts a mapped file.
WEIGHTS_THAT_DIFFER = {
    (2, "model CPU_Mapped"): "mapped-span",
    (16, "model CUDA0"): "bits-elsewhere",
    (16, "model CUDA1"): "bits-elsewhere",
    (92, "model Metal_Mapped"): "mapped-span",
}


def test_every_published_figure_is_compared_or_left_out_with_a_reason() -> None:
    published = [(point.id, figure.name) for point in read_points() for figure in point.figures()]
    compared = [(row.id, row.part) for row in rows()]
    explained = [(line.id, line.part) for line in left_out()]
    assert sorted(compared + explained) == sorted(published)
    assert {point_id for point_id, _ in published} == {point.id for point in read_points()}
    assert len(read_points()) == 59
    assert all(line.reason.endswith(".") for line in left_out())


def test_published_caches_and_states_of_llama_cpp_are_exact() -> None:
    sure = [row for row in rows() if row.kind in CACHES and row.confidence == "high" and row.is_mainline]
    assert {(row.id, row.part): row.rule for row in sure if not row.is_exact} == {
        figure: rule for figure, (rule, _) in ACCEPTED.items()
    }
    assert len(sure) >= 39


def test_the_less_certain_and_the_forks_are_exact_too() -> None:
    others = [
        row for row in rows() if row.kind in CACHES and not (row.confidence == "high" and row.is_mainline)
    ]
    assert [row for row in others if not row.is_exact] == []
    assert {row.is_mainline for row in others} == {True, False}


@pytest.mark.parametrize(("figure", "older"), ACCEPTED.items())
def test_a_cache_that_differs_is_what_the_older_rule_makes(
    figure: tuple[int, str], older: tuple[str, int]
) -> None:
    row = _row(*figure)
    rule, n_bytes = older
    assert f"{n_bytes / MiB:.2f}" == row.published
    assert row.rule == rule
    assert "Builds before PR" in sentence(rule)


def test_published_weights_and_outputs_are_exact_but_for_the_files_own_ways() -> None:
    found = {
        (row.id, row.part): row.rule
        for row in rows()
        if row.kind in ("weights", "output") and not row.is_exact
    }
    assert found == WEIGHTS_THAT_DIFFER


def test_blocks_dealt_to_two_cards_add_up_to_the_file() -> None:
    """One matrix has more bits in a block of the other card; the file is as large as it should be."""
    pair = [_row(16, f"model {card}") for card in ("CUDA0", "CUDA1")]
    predicted = sum(row.predicted_mib for row in pair)
    assert predicted == pytest.approx(sum(float(row.published) for row in pair), abs=0.015)


def test_what_lies_between_the_experts_is_what_a_mapped_buffer_counts_more() -> None:
    between = sum(
        weight.n_bytes
        for weight in read_facts("gpt-oss-20b").weights
        if weight.layer is not None and weight.layer < 14 and not weight.is_expert
    )
    assert -_row(2, "model CPU_Mapped").difference_mib == pytest.approx(between / MiB, abs=0.05)


def test_a_figure_that_differs_says_by_which_rule() -> None:
    known = _rules()
    assert [row for row in rows() if not row.is_exact and row.rule not in known] == []
    assert {row.rule for row in rows() if row.rule} <= known


def test_what_is_called_near_is_near() -> None:
    near = [row for row in rows() if row.rule == "near"]
    assert len(near) >= 7
    assert [row for row in near if not row.is_near] == []


def test_no_rule_is_without_a_figure() -> None:
    reasons = {line.reason for line in left_out()}
    used = {row.rule for row in rows()} | {rule for rule in _rules() if sentence(rule) in reasons}
    assert used - {""} == _rules()


def test_keys_and_values_add_up_to_the_cache() -> None:
    by_point: dict[int, float] = {}
    for row in rows():
        if row.part in ("kv_detail K", "kv_detail V"):
            by_point[row.id] = by_point.get(row.id, 0) + row.predicted_mib
    assert len(by_point) >= 5
    whole = {row.id: row.predicted_mib for row in rows() if row.part.startswith("kv ")}
    assert by_point == {point_id: whole[point_id] for point_id in by_point}


@pytest.mark.parametrize(
    ("n_decimals", "is_cut", "mib", "printed"),
    [
        (0, True, 397.5, "397"),  # a memory breakdown
        (0, False, 397.6, "398"),
        (2, False, 2048.0, "2048.00"),
        (2, False, 0.125, "0.12"),  # as printf rounds it
    ],
)
def test_a_size_is_printed_as_its_source_would(
    n_decimals: int, is_cut: bool, mib: float, printed: str
) -> None:
    assert Figure(("kv", "CUDA0"), mib, n_decimals, is_cut).printed(mib) == printed


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CPU", True),
        ("CPU_Mapped", True),
        ("CUDA_Host", True),
        ("Host", True),
        ("CUDA0", False),
        ("Metal_Mapped", False),
    ],
)
def test_host_buffers_are_known_by_their_names(name: str, expected: bool) -> None:
    assert is_host(name) is expected


def test_the_table_has_a_line_for_each() -> None:
    text = io.StringIO()
    print_table(text)
    assert text.getvalue() == markdown()
    tables = [line for line in markdown().splitlines() if line.startswith("| ")]
    n_headings = 2 * 2
    assert len(tables) == len(rows()) + len(left_out()) + n_headings
    assert f"{len({row.id for row in rows()})} of 59 points compared" in counts()[-1]


def _row(point_id: int, part: str) -> Row:
    return next(row for row in rows() if (row.id, row.part) == (point_id, part))


def _rules() -> set[str]:
    readings = tomllib.loads((DATA / "published_readings.toml").read_text(encoding="utf-8"))
    return set(readings["rules"])
