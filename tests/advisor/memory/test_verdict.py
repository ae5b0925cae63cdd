import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.memory.plan import Verdict
from advisor.memory.verdict import Claim, judge


def claim(
    total: int,
    usable: int = 100,
    *,
    reserve: int = 10,
    best: int | None = None,
    mapped: int = 0,
    known: bool = True,
    shares: bool = False,
) -> Claim:
    return Claim(
        total_bytes=total,
        usable_bytes=usable,
        reserve_bytes=reserve,
        best_bytes=usable if best is None else best,
        mapped_file_bytes=mapped,
        free_is_known=known,
        shares_ram=shares,
    )


@pytest.mark.parametrize(
    ("total", "verdict"),
    [
        (0, Verdict.FITS),
        (100, Verdict.FITS),
        (101, Verdict.TIGHT),
        (110, Verdict.TIGHT),
        (111, Verdict.CLOSE_OTHER_APPS),
        (150, Verdict.CLOSE_OTHER_APPS),
        (151, Verdict.DOES_NOT_FIT),
    ],
)
def test_the_bands_of_the_ram(total: int, verdict: Verdict) -> None:
    assert judge([], claim(total, best=150)) is verdict


def test_mapped_weights_can_be_paged_but_nothing_else() -> None:
    assert judge([], claim(200, mapped=100)) is Verdict.PAGES_FROM_DISK
    assert judge([], claim(200, mapped=99)) is Verdict.DOES_NOT_FIT


def test_unknown_free_memory_is_never_a_plain_yes() -> None:
    assert judge([claim(1, known=False)], claim(1)) is Verdict.UNKNOWN
    assert judge([claim(105, known=False)], claim(1)) is Verdict.UNKNOWN
    assert judge([claim(500, known=False)], claim(1, usable=10)) is Verdict.DOES_NOT_FIT


def test_several_gpus_are_judged_one_by_one_never_as_a_sum() -> None:
    assert judge([claim(100), claim(100)], claim(1)) is Verdict.FITS
    assert judge([claim(101), claim(0)], claim(1)) is Verdict.TIGHT
    assert judge([claim(0), claim(160)], claim(1, usable=10)) is Verdict.DOES_NOT_FIT


def test_a_gpu_that_works_in_the_ram_shares_it_with_the_host() -> None:
    assert judge([claim(60, shares=True)], claim(40)) is Verdict.FITS
    assert judge([claim(60, shares=True)], claim(41)) is Verdict.TIGHT
    assert judge([claim(60)], claim(41)) is Verdict.FITS  # a card has its own


def test_a_gpu_that_works_in_the_ram_may_have_less_of_it() -> None:
    assert judge([claim(60, usable=50, shares=True)], claim(1)) is Verdict.TIGHT


def test_what_fails_on_the_gpu_alone_needs_layers_on_the_cpu() -> None:
    assert judge([claim(200)], claim(1, usable=300)) is Verdict.NEEDS_OFFLOAD
    assert judge([claim(200)], claim(200, usable=300)) is Verdict.NEEDS_OFFLOAD
    assert judge([claim(200)], claim(201, usable=300)) is Verdict.DOES_NOT_FIT  # 100 too much, room for 99
    assert judge([claim(200, shares=True)], claim(1)) is Verdict.DOES_NOT_FIT  # the CPU is no other place


CLAIMS = st.builds(
    claim,
    st.integers(0, 300),
    st.integers(0, 200),
    reserve=st.integers(0, 50),
    mapped=st.integers(0, 100),
    known=st.booleans(),
    shares=st.booleans(),
)


@given(st.lists(CLAIMS, max_size=3), CLAIMS)
def test_a_plain_yes_means_that_every_place_has_room_and_is_known(gpus: list[Claim], host: Claim) -> None:
    if judge(gpus, host) is Verdict.FITS:
        assert all(gpu.total_bytes <= gpu.usable_bytes and gpu.free_is_known for gpu in gpus)
        assert host.total_bytes <= max([host.usable_bytes, *(g.usable_bytes for g in gpus if g.shares_ram)])


@given(st.lists(CLAIMS, max_size=3), CLAIMS, st.integers(0, 100))
def test_less_is_never_judged_worse(gpus: list[Claim], host: Claim, less: int) -> None:
    smaller = claim(
        max(0, host.total_bytes - less),
        host.usable_bytes,
        reserve=host.reserve_bytes,
        mapped=host.mapped_file_bytes,
        known=host.free_is_known,
        shares=host.shares_ram,
    )
    good = {Verdict.FITS, Verdict.TIGHT, Verdict.PAGES_FROM_DISK}
    if judge(gpus, host) in good:
        assert judge(gpus, smaller) in good | {Verdict.UNKNOWN}
