"""JSON for any path: strict, alike for every reader, and of exactly that model."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.errors import UsageError
from advisor.export.choices import TARGETS
from advisor.export.registry import render
from advisor.settings.load_settings import LoadSettings
from tests.support.planning import a_model

FACTS = a_model()
SETTINGS = LoadSettings(n_ctx=4096, n_gpu_layers=33, flash_attn="on")
NAMES = st.text(
    st.sampled_from(" \"'#:;%$`\\{}[],.ä漢\u2028\ufeff\U0001f999") | st.characters(codec="utf-8"),
    min_size=1,
    max_size=12,
)


def strict(text: str) -> Any:
    """RFC 8259: no NaN, no name twice, and only what UTF-8 can carry."""

    def refused(word: str) -> NoReturn:
        raise AssertionError(word)

    def one_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    text.encode()
    return json.loads(text, parse_constant=refused, object_pairs_hook=one_of_each)


def texts_in(document: Any) -> set[str]:
    if isinstance(document, dict):
        return set(document) | {text for value in document.values() for text in texts_in(value)}
    if isinstance(document, list):
        return {text for value in document for text in texts_in(value)}
    return {document} if isinstance(document, str) else set()


@pytest.mark.parametrize("to", sorted(TARGETS))
@given(name=NAMES)
def test_every_json_file_is_strict_json(to: str, name: str) -> None:
    try:
        export = render(to, SETTINGS, FACTS, model_path=f"/m/{name}.gguf")
    except UsageError:
        assert not name.isprintable() or set(name) & set('"%#;$')
        return
    for file in export.files:
        if file.name.endswith((".json", ".kcpps")):
            strict(file.text)


@pytest.mark.parametrize(
    ("to", "file", "said"),
    [
        ("lm-studio", "rest-load.json", "maker/it/{}.gguf"),
        ("koboldcpp", "{}", "/models/maker/it/{}.gguf"),
        ("llama-cpp-python", "server.json", "/models/maker/it/{}.gguf"),
    ],
)
@given(name=NAMES.filter(lambda name: name.isprintable() and not set(name) & set("/\\")))
def test_the_model_reads_back(to: str, file: str, said: str, name: str) -> None:
    export = render(to, SETTINGS, FACTS, model_path=f"/models/maker/it/{name}.gguf")
    (text,) = (it.text for it in export.files if file in ("{}", it.name))
    assert said.format(name) in texts_in(strict(text))
