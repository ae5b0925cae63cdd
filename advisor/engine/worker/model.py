"""Opening a model without its data: header, vocabulary and tensor placement, nothing allocated."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from typing import Any

from .devices import Devices
from .library import Library
from .log import EngineLog
from .native import Native
from .refusal import Refusal

# common/common.h: LLM_FFN_EXPS_REGEX, what --n-cpu-moe keeps on the CPU.
EXPERTS = r"\.ffn_(up|down|gate|gate_up)_(ch|)exps"
SPLIT_MODES = {"none": 0, "layer": 1, "row": 2, "tensor": 3}
OVERRIDE_INT, OVERRIDE_STR = 0, 3  # enum llama_model_kv_override_type
MAX_N_VOCAB = 4 * 1024 * 1024  # llama.cpp makes as many dummy tokens: a hostile header may name any number


class BufferOverride(ctypes.Structure):
    """struct llama_model_tensor_buft_override."""

    _fields_ = [("pattern", ctypes.c_char_p), ("buffer_type", ctypes.c_void_p)]


class OpenModel:
    """A model that is open for questions."""

    def __init__(self, handle: Native, llama: Native, *, with_vocabulary: bool) -> None:
        self.handle = handle
        self._llama = llama
        self._with_vocabulary = with_vocabulary

    def description(self) -> dict[str, Any]:
        llama, handle = self._llama, self.handle
        return {
            "n_layer": llama.llama_model_n_layer(handle),
            "n_ctx_train": llama.llama_model_n_ctx_train(handle),
            "n_vocab": llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(handle)),
            "is_recurrent": llama.llama_model_is_recurrent(handle),
            "is_hybrid": llama.llama_model_is_hybrid(handle),
            "size_bytes": llama.llama_model_size(handle),
            "n_params": llama.llama_model_n_params(handle),
            "with_vocabulary": self._with_vocabulary,
        }

    def close(self) -> None:
        self._llama.llama_model_free(self.handle)


def open_model(library: Library, devices: Devices, log: EngineLog, request: dict[str, Any]) -> OpenModel:
    """The model of `request`, opened dry; raises Refusal with llama.cpp's own words.

    Where the caller says how large the vocabulary is, the model is first tried without it: the sizes are the
    same, and the largest vocabularies take most of the time.
    """
    llama = library.llama
    params, kept = load_parameters(llama, devices, request)
    path = encoded_path(request["path"])
    if request["architecture"]:
        overrides = _without_vocabulary(llama, request["architecture"], request["n_vocab"])
        if overrides is not None:
            params.kv_overrides = overrides
            handle = llama.llama_model_load_from_file(path, params)
            if handle:
                return OpenModel(handle, llama, with_vocabulary=False)
            params.kv_overrides = None
            log.start()
    handle = llama.llama_model_load_from_file(path, params)
    del kept  # the parameters point into it
    if not handle:
        raise Refusal("engine", "llama.cpp cannot open this model.", log.complaints)
    return OpenModel(handle, llama, with_vocabulary=True)


def load_parameters(llama: Native, devices: Devices, request: dict[str, Any]) -> tuple[Native, list[Native]]:
    """llama_model_params for a dry run, and the objects that they point to."""
    params = llama.llama_model_default_params()
    # Both, or the process aborts: with any other load mode llama.cpp asserts that it may allocate.
    params.no_alloc = True
    params.load_mode = llama.LLAMA_LOAD_MODE_NONE
    params.n_gpu_layers = request["n_gpu_layers"]
    params.split_mode = SPLIT_MODES.get(request["split_mode"], -1)
    if params.split_mode < 0:
        raise Refusal("request", f'"{request["split_mode"]}" is not a split mode.')
    params.main_gpu = request["main_gpu"]
    kept: list[Native] = []
    if request["devices"] is not None:
        kept.append(_device_list(devices, request["devices"]))
        params.devices = ctypes.cast(kept[-1], ctypes.c_void_p)
    if request["tensor_split"]:
        kept.append(_split(llama, request["tensor_split"]))
        params.tensor_split = kept[-1]
    overrides = _buffer_overrides(llama, devices, request)
    if overrides is not None:
        kept.append(overrides)
        params.tensor_buft_overrides = ctypes.cast(overrides, ctypes.c_void_p)
    return params, kept


def _device_list(devices: Devices, names: list[str]) -> Native:
    """A list that ends with NULL; no names at all leave the CPU alone."""
    found = []
    for name in names:
        device = devices.by_name(name)
        if device is None:
            raise Refusal("request", f'llama.cpp knows no device "{name}" here.')
        found.append(device)
    return (ctypes.c_void_p * (len(found) + 1))(*found, None)


def _split(llama: Native, proportions: list[float]) -> Native:
    room = llama.llama_max_devices()
    if len(proportions) > room:
        raise Refusal("request", f"llama.cpp splits a model over at most {room} devices.")
    return (ctypes.c_float * room)(*proportions)


def _buffer_overrides(llama: Native, devices: Devices, request: dict[str, Any]) -> Native:
    """The tensors that go elsewhere than their layer: the first pattern that matches wins."""
    wanted = [(pattern, buffer) for pattern, buffer in request["override_tensor"]]
    wanted += [(rf"blk\.{layer}{EXPERTS}", "CPU") for layer in range(request["n_cpu_moe"])]
    if not wanted:
        return None
    if len(wanted) >= llama.llama_max_tensor_buft_overrides():
        raise Refusal("request", "There are more tensor overrides than llama.cpp takes.")
    known = devices.buffer_types()
    overrides = (BufferOverride * (len(wanted) + 1))()
    for index, (pattern, buffer) in enumerate(wanted):
        if buffer not in known:
            names = ", ".join(sorted(known))
            raise Refusal("request", f'"{buffer}" is not a buffer type here; there are: {names}.')
        overrides[index].pattern = pattern.encode("utf-8")
        overrides[index].buffer_type = known[buffer]
    return overrides


def _without_vocabulary(llama: Native, architecture: str, n_vocab: int) -> Native:
    """Metadata overrides for a load without the vocabulary; None where they cannot say it."""
    if not re.fullmatch(r"[\w.-]{1,100}", architecture, re.ASCII) or not 0 < n_vocab <= MAX_N_VOCAB:
        return None
    overrides = (llama.llama_model_kv_override * 3)()  # an empty key ends the list
    overrides[0].tag, overrides[0].key = OVERRIDE_STR, b"tokenizer.ggml.model"
    overrides[0].value.val_str = b"no_vocab"
    overrides[1].tag, overrides[1].key = OVERRIDE_INT, f"{architecture}.vocab_size".encode("ascii")
    overrides[1].value.val_i64 = n_vocab
    return overrides


def encoded_path(path: str) -> bytes:
    # llama.cpp takes UTF-8 on Windows (ggml_fopen), the system's own bytes elsewhere.
    return path.encode("utf-8") if sys.platform == "win32" else os.fsencode(path)
