"""llama.cpp's downloads: LLAMA_CACHE in Hugging Face's layout today, and the flat folder of older builds.

The places are those of common/common.cpp (fs_get_cache_directory) and common/hf-cache.cpp. Without
LLAMA_CACHE today's builds share Hugging Face's own cache.
"""

from __future__ import annotations

from pathlib import Path

from advisor.library.below import find_below
from advisor.library.installed import Scan
from advisor.library.places import Places
from advisor.library.stores.hugging_face import repositories

STORE = "llama.cpp"
RUNTIME = "llama-server"


def flat_folders(places: Places) -> tuple[Path, ...]:
    """Where older builds keep owner_name_file.gguf."""
    named = places.named("LLAMA_CACHE")
    usual = places.cache / "llama.cpp"
    return (named, usual) if named else (usual,)


def find(places: Places) -> Scan:
    """What llama.cpp itself has downloaded. Never raises."""
    named = places.named("LLAMA_CACHE")
    new = repositories(named, STORE, runtime=RUNTIME) if named else Scan()
    old = find_below(flat_folders(places), STORE, depth=0, runtime=RUNTIME)
    troubles = {trouble.path: trouble for trouble in (*new.unreadable, *old.unreadable)}
    return Scan((*new.models, *old.models), tuple(troubles.values()), (*new.left_out, *old.left_out))
