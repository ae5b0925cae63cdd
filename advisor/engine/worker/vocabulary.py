"""The vocabulary of a model, and nothing else of it: how many tokens a text has.

The tokenizer alone is asked: no weights, no context, and no chat template is ever parsed or run.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from .library import Library
from .log import EngineLog
from .native import Native
from .refusal import Refusal

NO_VOCABULARY = 0  # enum llama_vocab_type: LLAMA_VOCAB_TYPE_NONE
TOO_MANY = -(2**31)  # llama_tokenize's answer when the count does not fit an int32
MAX_TEXT_BYTES = 16 * 1024 * 1024  # the parent sends far shorter pieces


class Vocabulary:
    """The vocabulary that was opened last. It stays open: a text comes in many pieces."""

    def __init__(self, library: Library, log: EngineLog) -> None:
        self._llama = library.llama
        self._log = log
        self._model: Native = None
        self._opened: tuple[Any, ...] = ()

    def count(self, request: dict[str, Any]) -> dict[str, Any]:
        """The tokens of one piece of text, without those that begin or end a prompt.

        Special tokens written out in the text count as the text that they are. Raises Refusal for a model
        without a vocabulary.
        """
        started = time.perf_counter()
        vocabulary = self._vocabulary(request["path"])
        text = request["text"].encode("utf-8", "replace")
        if len(text) > MAX_TEXT_BYTES:
            raise Refusal("request", f"A piece of text of {len(text)} bytes is too long.")
        # Without room for the tokens it answers how many there would be, negated.
        answer = self._llama.llama_tokenize(vocabulary, text, len(text), None, 0, False, False)
        if answer > 0 or answer == TOO_MANY:
            raise Refusal("engine", "llama.cpp cannot count the tokens of this text.", self._log.complaints)
        return {"n_tokens": -answer, "seconds": time.perf_counter() - started}

    def close(self) -> None:
        if self._model:
            self._llama.llama_model_free(self._model)
        self._model, self._opened = None, ()

    def _vocabulary(self, path: str) -> Native:
        wanted = (path, *_stamp(path))
        if self._opened != wanted:
            self.close()
            self._model = self._open(path)
            self._opened = wanted
        vocabulary = self._llama.llama_model_get_vocab(self._model)
        # To tokenize without one aborts the process (src/llama-vocab.cpp).
        if self._llama.llama_vocab_type(vocabulary) == NO_VOCABULARY:
            raise Refusal("vocabulary", "This model file has no vocabulary.")
        return vocabulary

    def _open(self, path: str) -> Native:
        params = self._llama.llama_model_default_params()
        params.vocab_only = True
        params.load_mode = self._llama.LLAMA_LOAD_MODE_NONE  # maps nothing: the file may shrink meanwhile
        params.n_gpu_layers = 0
        self._log.start()
        # llama.cpp takes UTF-8 on Windows (ggml_fopen), the system's own bytes elsewhere.
        name = path.encode("utf-8") if sys.platform == "win32" else os.fsencode(path)
        model = self._llama.llama_model_load_from_file(name, params)
        if not model:
            raise Refusal(
                "engine", "llama.cpp cannot read the vocabulary of this model.", self._log.complaints
            )
        return model


def _stamp(path: str) -> tuple[int, ...]:
    try:
        status = os.stat(path)  # noqa: PTH116 - a path from JSON may hold anything; this raises less than Path
    except (OSError, ValueError):
        return ()
    return status.st_size, status.st_mtime_ns
