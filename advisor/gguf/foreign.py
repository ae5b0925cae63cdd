"""What a file is that is not a GGUF: people open safetensors, error pages and half downloads, too."""

from __future__ import annotations

from advisor.errors import GgufError

# The start of a file that is enough to tell.
HEAD_BYTES = 512

# A safetensors file begins with the length of its JSON header; real ones have some MiB at most.
_MAX_SAFETENSORS_HEADER = 100_000_000

_GET_GGUF = "Look for a GGUF version of this model, or convert it with llama.cpp's convert_hf_to_gguf.py."
_GET_TODAYS = "Its format is too old for today's programs: look for a GGUF version of this model."
_UNPACK = "Unpack it first, then open the .gguf file inside."
_UNPACK_OR_GET = f"If a .gguf file is inside, unpack it. Else: {_GET_GGUF[0].lower()}{_GET_GGUF[1:]}"
_DOWNLOAD = "Open the model's page in a browser, sign in if it asks you to, and download the file again."

# llama.cpp wrote these as numbers, in the byte order of the machine.
_OLD_MAGICS: tuple[tuple[bytes, str, str], ...] = (
    (b"ggml", 'is a model in the old "ggml" format of 2023', _GET_TODAYS),
    (b"ggmf", 'is a model in the old "ggmf" format of 2023', _GET_TODAYS),
    (b"ggjt", 'is a model in the old "ggjt" format of 2023', _GET_TODAYS),
    (b"ggla", 'is a LoRA adapter in the old "ggla" format of 2023', _GET_TODAYS),
    (b"ggsn", "is a saved llama.cpp session, not a model", "Open the model that the session was saved with."),
    (b"ggsq", "is a saved llama.cpp sequence, not a model", "Open the model that it was saved with."),
)

# First bytes, what such a file is, what to do.
_MAGICS: tuple[tuple[bytes, str, str], ...] = (
    *_OLD_MAGICS,
    *((magic[::-1], what, hint) for magic, what, hint in _OLD_MAGICS),
    (
        b"version https://git-lfs",
        "is a Git LFS pointer, not the model: a small text that names it",
        'Run "git lfs pull" in its folder, or download the file itself.',
    ),
    (
        b"FUGG",
        "is a GGUF whose bytes were swapped in groups of four, by a wrong conversion",
        "Download the original file again.",
    ),
    (b"PK\x03\x04", "is a zip archive: a PyTorch checkpoint, or a packed download", _UNPACK_OR_GET),
    (b"\x80\x02", "is a PyTorch (pickle) checkpoint", _GET_GGUF),
    (b"\x80\x04", "is a Python pickle", _GET_GGUF),
    (b"\x89HDF", "is an HDF5 (Keras) model", _GET_GGUF),
    (b"\x1f\x8b", "is packed with gzip", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "is packed with zstd", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive", _UNPACK),
    (b"\xfd7zXZ", "is packed with xz", _UNPACK),
    (b"Rar!", "is a RAR archive", _UNPACK),
)
_PAGES = (b"<!doctype", b"<html", b"<head", b"<?xml")


def foreign_file(name: str, head: bytes) -> GgufError:
    """Why the file `name`, beginning with `head`, is not a GGUF. `head` has at least one byte."""
    for magic, what, hint in _MAGICS:
        if head.startswith(magic):
            return GgufError(f"{name} {what}.", hint=hint, code="not-gguf")
    if not any(head):
        return GgufError(
            f"{name} begins with zeros only: the download has reserved the space, but not filled it.",
            hint="Let the download finish, or download the file again.",
            code="truncated",
        )
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= _MAX_SAFETENSORS_HEADER:
        return GgufError(f"{name} is a safetensors file.", hint=_GET_GGUF, code="not-gguf")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(_PAGES):
        return GgufError(
            f"{name} is a web page, not the model: the download got an error or a login page instead.",
            hint=_DOWNLOAD,
            code="not-gguf",
        )
    if text.startswith((b"{", b"[")):
        return GgufError(
            f"{name} is a JSON text, not the model: a settings file, or the error answer of a server.",
            hint=_DOWNLOAD,
            code="not-gguf",
        )
    return GgufError(
        f"{name} is not a GGUF file: it does not begin with the letters GGUF.",
        hint="Choose a model file whose name ends in .gguf.",
        code="not-gguf",
    )
