"""llama.cpp's own settings file, which changes every program made of it without being asked."""

from __future__ import annotations

from pathlib import Path

from advisor.export.choices import TARGETS
from advisor.library.places import Places

# KoboldCpp and vLLM have no common/arg.cpp, and a container does not see the file.
_WITHOUT = frozenset({"koboldcpp", "vllm", "docker-model-runner", "ramalama"})


def global_config_note(to: str, places: Places) -> str | None:
    """A warning where such a file is there and the program would read it (common/arg.cpp); else None."""
    if TARGETS[to].profile not in {"llama-server", "ollama"} or to in _WITHOUT:
        return None
    if places.system == "win32":
        folders = [places.named("APPDATA"), places.named("PROGRAMDATA")]
    else:
        folders = [places.named("XDG_CONFIG_HOME") or places.home / ".config", places.root / "etc"]
    files = [folder / "llama.cpp" / "config.ini" for folder in folders if folder]
    there = [str(file) for file in files if _is_file(file)]
    if not there:
        return None
    return (
        f"llama.cpp reads {' and '.join(there)} as well: what stands there counts wherever this export says "
        "nothing. Look through it."
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
