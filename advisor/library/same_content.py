"""Whether two files hold the same model: by the hash that their stores name them by, else by samples."""

from __future__ import annotations

import hashlib
import re
import stat
from pathlib import Path

# A blob's name: Ollama and ramalama write sha256-HEX, Hugging Face and Docker HEX alone.
_HASH = re.compile(r"(?:sha256[-:])?(?P<hash>[0-9a-f]{64})")

# A header of a small model and a bit of every part of the weights: two models that agree in all of that
# and in length are one. Reading whole files would take minutes.
_HEAD_BYTES = 256 * 1024
_SAMPLE_BYTES = 16 * 1024
_SAMPLES = 8


def named_hash(path: Path) -> str | None:
    """The SHA-256 that the store of a file names it by, None where it does not."""
    try:
        target = path.resolve()
    except (OSError, ValueError, RuntimeError):
        return None
    said = _HASH.fullmatch(target.name)
    return said["hash"] if said else None


def sampled_hash(path: Path) -> str | None:
    """A hash of samples of a file's content and of its length, None for what cannot be read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return None
        with path.open("rb") as file:
            size = path.stat().st_size
            digest = hashlib.sha256(size.to_bytes(8, "little"))
            digest.update(file.read(_HEAD_BYTES))
            for place in range(1, _SAMPLES + 1):
                file.seek(max(0, size * place // _SAMPLES - _SAMPLE_BYTES))
                digest.update(file.read(_SAMPLE_BYTES))
    except (OSError, ValueError):
        return None
    return digest.hexdigest()
