import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.export.yaml_text import yaml_text
from tests.support.yaml_readers import read_yaml

# Words that one version or both read as something else than a text, and characters with a meaning.
WORDS = st.sampled_from(
    ["on", "off", "yes", "No", "y", "n", "null", "~", "true", "1e3", "0o7", "012", "1_0", ".inf", "1:30", ""]
)
TEXTS = WORDS | st.text(
    st.sampled_from(" \"'#:;%$`\\-?!&*|>{}[],@~=<ä漢\u2028\x85\ufeff\x7f\n\t") | st.characters(codec="utf-8")
)
SCALARS = TEXTS | st.booleans() | st.integers(-(10**6), 10**9)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(SCALARS, max_size=3) | st.dictionaries(TEXTS, inner, min_size=1, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize("value", [1.5, None, b"bytes"])
def test_what_the_versions_read_differently_is_not_written(value: object) -> None:
    with pytest.raises(TypeError, match="all versions"):
        yaml_text({"it": value}, "For a test.")


@given(st.dictionaries(TEXTS, DOCUMENTS, min_size=1, max_size=4))
def test_every_reader_reads_what_was_written(document: dict[str, object]) -> None:
    assert read_yaml(yaml_text(document, "For a test.")) == document


def test_a_golden_text() -> None:
    document = {"models": [{"name": "on", "n_ctx": 4096, "flags": ["-fa", "on"]}], "off": {"mmap": True}}
    assert yaml_text(document, "For a test.") == (
        "# For a test.\n"
        "models:\n"
        '  - name: "on"\n'
        "    n_ctx: 4096\n"
        "    flags:\n"
        '      - "-fa"\n'
        '      - "on"\n'
        '"off":\n'
        "  mmap: true\n"
    )
