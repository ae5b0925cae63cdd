"""ramalama's store: store/<transport>/<owner>/<model>/{refs,snapshots,blobs}, a JSON file a tag in refs.

The layout is that of its model_store package (reffile.py, global_store.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from advisor.library.configured import configured_model
from advisor.library.files import Folder, Walk, because, is_absent, small_table
from advisor.library.installed import NOT_GGUF, PARTIAL, InstalledModel, LeftOut, Scan, Unreadable
from advisor.library.places import Places
from advisor.library.safetensors import NOT_A_GGUF

STORE = "ramalama"

_MAX_DEPTH = 7  # a model of a local file is stored under its whole path
_MAX_REF_BYTES = 1024 * 1024


def stores(places: Places) -> tuple[Path, ...]:
    """The user's own store and root's."""
    data = places.named("XDG_DATA_HOME") or places.home / ".local" / "share"
    return data / "ramalama" / "store", places.root / "var" / "lib" / "ramalama" / "store"


def find(places: Places) -> Scan:
    """Its models, called transport://owner/model:tag. Never raises."""
    models: list[InstalledModel] = []
    unreadable: list[Unreadable] = []
    left_out: list[LeftOut] = []
    for top in stores(places):
        if is_absent(top):
            continue
        walk = Walk(top, _MAX_DEPTH)
        for folder in walk:
            if folder.path.name == "refs":
                models += _models(top, folder)
            elif folder.path.name == "blobs":
                partial = (name for name in folder.files if name.endswith(".partial"))
                sentence = f"{_title(top, folder.path.parent)} has a download that was not finished."
                left_out += (LeftOut(folder.path / name, PARTIAL, sentence) for name in partial)
        unreadable += walk.unreadable
    return Scan(tuple(models), tuple(unreadable), tuple(left_out))


def _title(top: Path, folder: Path) -> str:
    transport, _, rest = folder.relative_to(top).as_posix().partition("/")
    # hf: is an address on the hub for this program; ramalama takes both spellings.
    transport = "huggingface" if transport == "hf" else transport
    return f"{transport}://{'/' if transport == 'file' else ''}{rest}"


def _models(top: Path, refs: Folder) -> Iterator[InstalledModel]:
    folder = refs.path.parent
    for file in refs.files:
        if not file.endswith(".json"):
            continue
        name = f"{_title(top, folder)}:{file.removesuffix('.json')}"
        try:
            content = small_table(refs.path / file, _MAX_REF_BYTES)
        except (OSError, ValueError) as error:
            problem = f"Its reference cannot be read: {because(error)}."
            yield InstalledModel(STORE, name, refs.path / file, 0, problem=problem)
            continue
        commit = content.get("hash")
        entries = content.get("files")
        files = _files(entries) if isinstance(entries, list) else {}
        if not isinstance(commit, str) or not commit or "/" in commit:
            problem = "Its reference names no snapshot: pull the model again."
            yield InstalledModel(STORE, name, refs.path / file, 0, problem=problem)
        elif "gguf" in files:
            snapshot = folder / "snapshots" / commit.replace(":", "-")
            # Of a split model the first part speaks for all.
            first, projector = min(files["gguf"]), next(iter(files.get("mmproj", ())), None)
            yield configured_model(STORE, name, snapshot, first, projector)
        elif "safetensor" in files:
            yield InstalledModel(STORE, name, folder, 0, format=NOT_GGUF, problem=NOT_A_GGUF)


def _files(entries: list[object]) -> dict[str, list[str]]:
    """The names of the files of each type."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        if (
            isinstance(entry, dict)
            and isinstance(entry.get("name"), str)
            and isinstance(entry.get("type"), str)
        ):
            found.setdefault(entry["type"], []).append(entry["name"])
    return found
