"""Loading a model for real, with its weights."""

from __future__ import annotations

import ctypes
from typing import Any

from .devices import Devices
from .library import Library
from .log import EngineLog
from .model import encoded_path, load_parameters
from .native import Native
from .refusal import Refusal
from .watch import Watch

NO_VOCABULARY = 0  # LLAMA_VOCAB_TYPE_NONE


class RealModel:
    """A model whose weights are loaded."""

    def __init__(self, handle: Native, llama: Native) -> None:
        self.handle = handle
        self._llama = llama
        vocabulary = llama.llama_model_get_vocab(handle)
        self.n_vocab: int = llama.llama_vocab_n_tokens(vocabulary)
        self.has_vocabulary: bool = llama.llama_vocab_type(vocabulary) != NO_VOCABULARY
        self.is_recurrent: bool = llama.llama_model_is_recurrent(handle)
        self.is_hybrid: bool = llama.llama_model_is_hybrid(handle)
        self.n_swa: int = llama.llama_model_n_swa(handle)
        self.architecture = _architecture(llama, handle)

    def check(self) -> None:
        """Raises Refusal for a model that does not take plain tokens one after another."""
        if self._llama.llama_model_has_encoder(self.handle):
            raise Refusal("request", "A model with an encoder cannot be proved.")
        if self.n_vocab < 1:
            raise Refusal("request", "The file does not say how many tokens this model knows.")

    def close(self) -> None:
        self._llama.llama_model_free(self.handle)


def load_model(
    library: Library, devices: Devices, log: EngineLog, request: dict[str, Any], watch: Watch
) -> RealModel:
    """The model of `request`, loaded; raises Refusal with llama.cpp's own words."""
    llama = library.llama
    params, kept = load_parameters(llama, devices, request)
    params.no_alloc = False
    params.load_mode = llama.LLAMA_LOAD_MODE_AUTO if request["use_mmap"] else llama.LLAMA_LOAD_MODE_NONE

    def progress(fraction: float, _user_data: object) -> bool:
        watch.now(fraction=fraction)
        return True

    params.progress_callback = llama.llama_progress_callback(progress)
    handle = llama.llama_model_load_from_file(encoded_path(request["path"]), params)
    del kept  # the parameters point into it
    if not handle:
        raise Refusal("engine", "llama.cpp cannot load this model.", log.complaints)
    return RealModel(handle, llama)


def _architecture(llama: Native, handle: Native) -> str:
    room = ctypes.create_string_buffer(128)
    llama.llama_model_meta_val_str(handle, b"general.architecture", ctypes.cast(room, ctypes.c_char_p), 128)
    return room.value.decode("utf-8", "replace")
