"""Finding and loading llama-cpp-python and the llama.cpp library behind it, in one handle.

Only the package's low-level bindings are loaded. Its `__init__` also imports numpy, jinja2 and the whole
`Llama` class, which takes ten times as long as the bindings themselves.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
import re
import sys
import types
from pathlib import Path

from .fitness import unfit
from .native import Native
from .refusal import Refusal

PACKAGE = "llama_cpp"
BINDINGS = "llama_cpp.llama_cpp"


class Library:
    """The loaded bindings and the library behind them. `unfit` says why not to trust them."""

    def __init__(self) -> None:
        self.llama = _import_bindings()
        self.handle: Native = self.llama._lib  # noqa: SLF001 - the one handle: a second CDLL is a second registry
        self.path = str(getattr(self.handle, "_name", ""))
        self.binding = _binding_version()
        self.unfit = unfit(self.llama)
        self.notes: list[str] = []

    def symbol(self, name: str, restype: Native, *argtypes: Native) -> Native:
        """A function that the bindings do not name, e.g. of ggml; raises AttributeError if there is none."""
        function = getattr(self._holder(name), name)
        function.restype, function.argtypes = restype, list(argtypes)
        return function

    def _holder(self, name: str) -> Native:
        # dlsym looks into a library's dependencies too; Windows' GetProcAddress does not.
        if os.name != "nt" or hasattr(self.handle, name):
            return self.handle
        folder = Path(self.path).parent
        for part in ("ggml-base.dll", "ggml.dll"):
            library = ctypes.CDLL(str(folder / part))  # already loaded: this is the same module
            if hasattr(library, name):
                return library
        return self.handle

    def start(self) -> None:
        """llama.cpp's own start, and the backends that are separate libraries."""
        self.llama.llama_backend_init()
        count = self.symbol("ggml_backend_reg_count", ctypes.c_size_t)
        extra = os.environ.get("GGML_BACKEND_PATH", "")
        if count() == 0:
            # A build whose backends are plug-ins loads none by itself; this honours GGML_BACKEND_PATH too.
            load_all = self.symbol("ggml_backend_load_all_from_path", None, ctypes.c_char_p)
            load_all(os.fsencode(Path(self.path).parent))
        elif extra:
            load = self.symbol("ggml_backend_load", ctypes.c_void_p, ctypes.c_char_p)
            if not load(os.fsencode(extra)):
                self.notes.append(f"The backend library {extra} (GGML_BACKEND_PATH) could not be loaded.")


def _import_bindings() -> Native:
    try:
        package = importlib.util.find_spec(PACKAGE)
    except (ImportError, ValueError):
        package = None
    if package is None or not package.submodule_search_locations:
        raise Refusal("missing", f"llama-cpp-python is not installed for {sys.executable}.")
    bare = types.ModuleType(PACKAGE)
    bare.__path__ = list(package.submodule_search_locations)
    sys.modules[PACKAGE] = bare
    try:
        return importlib.import_module(BINDINGS)
    except Exception:  # noqa: BLE001 - whatever it was, the plain import below says it again
        for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
            del sys.modules[name]
    try:
        return importlib.import_module(BINDINGS)
    except AttributeError as error:
        # ctypes names the symbol that it did not find.
        raise Refusal("unfit", f"This llama.cpp library lacks a function that is needed: {error}") from error
    except ModuleNotFoundError as error:
        raise Refusal(
            "missing", f'llama-cpp-python cannot be used: the module "{error.name}" is missing.'
        ) from error
    except (ImportError, OSError, RuntimeError) as error:
        raise Refusal("missing", f"llama-cpp-python's library does not load: {error}") from error


def _binding_version() -> str:
    """llama-cpp-python's version, read from its `__init__.py` without running it."""
    package = importlib.util.find_spec(BINDINGS)
    if package is None or package.origin is None:
        return ""
    try:
        text = Path(package.origin).with_name("__init__.py").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(r'__version__\s*=\s*["\']([^"\']+)', text)
    return found.group(1) if found else ""
