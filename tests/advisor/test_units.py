from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import UsageError
from advisor.units import (
    ByteUnits,
    GiB,
    KiB,
    MiB,
    byte_units,
    format_bytes,
    format_seconds,
    format_tokens,
    pad,
    parse_size,
    parse_tokens,
    spell_bytes_in,
    unit_sizes,
)


@pytest.mark.parametrize(
    "text", ["", "GiB", "12 apples", "-1GiB", "1e9", "12GiBs", "nan", "1,5GiB", "0x10", "²", "9" * 5000]
)
def test_what_is_not_a_size_is_refused_with_a_way_to_write_it(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_size(text)
    assert text in caught.value.message
    assert "12GiB" in caught.value.hint


@pytest.mark.parametrize("text", ["", "k", "many", "-5", "1.5k", "32kk", "9" * 5000])
def test_what_is_not_a_number_of_tokens_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a number of tokens"):
        parse_tokens(text)


@pytest.mark.parametrize(
    ("text", "n_bytes"),
    [
        ("12GiB", 12 * GiB),
        ("12288MiB", 12 * GiB),
        ("12G", 12 * GiB),
        ("12g", 12 * GiB),
        ("512", 512),
        ("1.5GiB", 3 * GiB // 2),
        (" 2 KiB ", 2 * KiB),
        ("17.2GB", 17_200_000_000),
        ("1TB", 10**12),
    ],
)
def test_sizes_as_people_type_them(text: str, n_bytes: int) -> None:
    assert parse_size(text) == n_bytes


@pytest.mark.parametrize(
    ("text", "n_tokens"), [("32768", 32768), ("32k", 32768), ("32,768", 32768), ("1M", 1048576), ("0", 0)]
)
def test_tokens_as_people_type_them(text: str, n_tokens: int) -> None:
    assert parse_tokens(text) == n_tokens


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (MiB, "1.0 MiB"),
        (GiB - 1, "1.0 GiB"),
        (16 * GiB, "16.0 GiB"),
        (3 * 1024 * GiB, "3.0 TiB"),
        (-1536, "-1.5 KiB"),
    ],
)
def test_bytes_for_people(n_bytes: int, text: str) -> None:
    assert format_bytes(n_bytes) == text


@pytest.fixture
def decimal() -> Iterator[None]:
    """For as long as the test runs."""
    spell_bytes_in(ByteUnits.DECIMAL)
    yield
    spell_bytes_in(ByteUnits.BINARY)


@pytest.mark.usefixtures("decimal")
@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1500, "1.5 kB"),
        (10**6, "1.0 MB"),
        (10**9 - 1, "1.0 GB"),
        (16 * GiB, "17.2 GB"),
        (3 * 10**12, "3.0 TB"),
        (-1500, "-1.5 kB"),
    ],
)
def test_bytes_for_people_who_count_in_thousands(n_bytes: int, text: str) -> None:
    assert format_bytes(n_bytes) == text
    assert unit_sizes()[1] == ("GB", 10**9)


def test_sizes_are_spelled_in_powers_of_1024_until_someone_wants_it_otherwise() -> None:
    assert byte_units() is ByteUnits.BINARY


def test_tokens_for_people() -> None:
    assert format_tokens(49152) == "49,152"


@given(st.integers(min_value=0, max_value=2**60))
def test_what_is_shown_is_never_a_thousand_of_a_unit(n_bytes: int) -> None:
    number, unit = format_bytes(n_bytes).split()
    assert float(number) < 1024 or unit in {"TiB", "B"} or n_bytes >= 2**40


@given(st.integers(min_value=0, max_value=2**40), st.integers(min_value=1, max_value=4096))
def test_padding_is_the_next_multiple(value: int, multiple: int) -> None:
    padded = pad(value, multiple)
    assert padded % multiple == 0
    assert 0 <= padded - value < multiple


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.04 s"),
        (0.44, "0.4 s"),
        (12.3, "12 s"),
        (99.4, "99 s"),
        (99.6, "2 min"),
        (3720, "62 min"),
        (5940, "99 min"),
        (5971, "1.7 h"),
    ],
)
def test_a_wait_has_few_digits(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text
