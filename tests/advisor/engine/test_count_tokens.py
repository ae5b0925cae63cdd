"""Counting tokens: the client with made-up workers, and the real worker with a real vocabulary."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.engine.client import Deadlines, EngineClient
from advisor.engine.protocol import OpenModel
from advisor.errors import EngineDied, EngineRefused, EngineTimeout, EngineUnfit
from advisor.recommend.need.text_file import inspect_text, pieces
from advisor.settings.load_settings import LoadSettings
from tests.support.engines import handling
from tests.support.gemma import real_gemma
from tests.support.small_models import small_llama

COUNT = """
if request["do"] == "tokenize":
    send(request["id"], answer={"n_tokens": len(request["text"]), "seconds": 0.0})
    return True
"""
TEXT = "Ein Satz mit Umlauten: äöü. 模型 и <eos> code(x[1]) == {'a': 2}\n"


def counted(directory: Path, body: str, pieces_of_text: list[str], **deadlines: float) -> int:
    with EngineClient(handling(directory, body), deadlines=Deadlines(**deadlines)) as client:
        return client.count_tokens(directory / "model.gguf", pieces_of_text)


def test_the_pieces_are_added_up(tmp_path: Path) -> None:
    assert counted(tmp_path, COUNT, ["one", "", "three\n", "\udcff模"]) == 11
    assert counted(tmp_path, COUNT, []) == 0


def test_a_model_without_a_vocabulary_is_a_refusal_with_its_own_code(tmp_path: Path) -> None:
    body = "if request['do'] == 'tokenize':\n    return refuse(request, 'vocabulary', 'None here.')"
    with pytest.raises(EngineRefused, match="None here") as caught:
        counted(tmp_path, body, ["text"])
    assert caught.value.code == "no-vocabulary"


def test_a_death_while_counting_is_an_error_and_the_next_question_starts_afresh(tmp_path: Path) -> None:
    body = "if request.get('text') == 'bad':\n    os.abort()" + COUNT
    with EngineClient(handling(tmp_path, body)) as client:
        with pytest.raises(EngineDied, match="while counting tokens"):
            client.count_tokens(tmp_path, ["good", "bad", "good"])
        assert client.count_tokens(tmp_path, ["good"]) == 4


def test_silence_while_counting_is_an_error(tmp_path: Path) -> None:
    body = "if request['do'] == 'tokenize':\n    wait_forever()"
    with pytest.raises(EngineTimeout, match="while counting tokens"):
        counted(tmp_path, body, ["text"], tokenize_seconds=0.2)


def test_an_answer_that_is_no_count_is_an_error(tmp_path: Path) -> None:
    body = "if request['do'] == 'tokenize':\n    send(request['id'], answer={})\n    return True"
    with pytest.raises(EngineUnfit):
        counted(tmp_path, body, ["text"])


def test_an_error_of_the_text_itself_passes_and_hurts_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[str]:
        yield "text"
        raise OSError("gone")

    with EngineClient(handling(tmp_path, COUNT)) as client:
        with pytest.raises(OSError, match="gone"):
            client.count_tokens(tmp_path, broken())
        assert client.count_tokens(tmp_path, ["text"]) == 4


# ---- the real thing ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gemma() -> Iterator[Path]:
    with real_gemma() as path:
        yield path


# The same count, asked of the bindings without any of our code, with the whole model's vocabulary.
ORACLE = """
import sys
from llama_cpp import llama_cpp as llama
llama.llama_backend_init()
params = llama.llama_model_default_params()
params.vocab_only = True
model = llama.llama_model_load_from_file(sys.argv[1].encode(), params)
text = open(sys.argv[2], "rb").read()
tokens = (llama.llama_token * (len(text) + 8))()
vocabulary = llama.llama_model_get_vocab(model)
print(llama.llama_tokenize(vocabulary, text, len(text), tokens, len(tokens), False, False))
"""


def by_the_bindings(model: Path, text: Path) -> int:
    command = [sys.executable, "-c", ORACLE, str(model), str(text)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.splitlines()[-1])


@pytest.mark.engine
def test_a_real_vocabulary_counts_as_the_bindings_do(
    engine: EngineClient, gemma: Path, tmp_path: Path
) -> None:
    text = tmp_path / "text.txt"
    text.write_text(TEXT * 3000, encoding="utf-8")
    parts = list(pieces(inspect_text(text)))
    assert len(parts) > 2
    assert engine.count_tokens(gemma, ["Hello world"]) == 2  # "Hello", " world"
    assert engine.count_tokens(gemma, [""]) == 0
    whole = by_the_bindings(gemma, text)
    assert engine.count_tokens(gemma, [TEXT * 3000]) == whole
    assert abs(engine.count_tokens(gemma, parts) - whole) <= len(parts)


@pytest.mark.engine
def test_counting_and_dry_runs_take_turns_in_one_process(engine: EngineClient, gemma: Path) -> None:
    before = engine.count_tokens(gemma, [TEXT])
    engine.open(OpenModel(path=str(gemma)))
    first = engine.context(LoadSettings(n_ctx=512))
    pid = engine.pid
    assert engine.count_tokens(gemma, [TEXT]) == before
    assert engine.context(LoadSettings(n_ctx=512)).buffers == first.buffers
    engine.close_model()
    assert engine.count_tokens(gemma, [TEXT]) == before
    assert engine.pid == pid


@pytest.mark.engine
def test_a_model_without_a_vocabulary_or_a_model_at_all_is_refused(
    engine: EngineClient, tmp_path: Path
) -> None:
    small_llama(tmp_path / "small.gguf")
    (tmp_path / "text.gguf").write_text("no model")
    with pytest.raises(EngineRefused) as caught:
        engine.count_tokens(tmp_path / "small.gguf", ["text"])
    assert caught.value.code == "no-vocabulary"
    pid = engine.pid
    for name in ("text.gguf", "absent.gguf", "a\nb.gguf"):
        with pytest.raises(EngineRefused):
            engine.count_tokens(tmp_path / name, ["text"])
    assert engine.pid == pid


@pytest.mark.engine
@pytest.mark.parametrize("text", ["\x00", "\udcff", "<eos><bos>", "a" * 300_000, "\n" * 50_000])
def test_odd_texts_are_counted(engine: EngineClient, gemma: Path, text: str) -> None:
    assert 0 < engine.count_tokens(gemma, [text]) <= len(text.encode("utf-8", "replace"))


@pytest.mark.engine
def test_a_file_that_was_replaced_is_opened_anew(engine: EngineClient, gemma: Path, tmp_path: Path) -> None:
    place = tmp_path / "model.gguf"
    place.symlink_to(gemma)
    assert engine.count_tokens(place, [TEXT]) > 0
    place.unlink()
    small_llama(place)
    with pytest.raises(EngineRefused):
        engine.count_tokens(place, [TEXT])
