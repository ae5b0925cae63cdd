"""The entries of presets/models.toml: what is known of each model, checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from advisor.errors import PresetError
from advisor.gguf.header import Scalar
from advisor.model.presets.blueprints import BLUEPRINTS, OPTIONAL
from advisor.model.presets.quantization import QUANTIZATIONS

FILE = "models.toml"

GgufKeys = Mapping[str, Scalar | tuple[Scalar, ...]]

_FIELDS = {"title", "source", "same_as", "architecture", "optional_tensors", "quantizations", "gguf"}
_USUAL = tuple(name for name in QUANTIZATIONS if name != "MXFP4_MOE")
_DEFAULT = "Q4_K_M"


@dataclass(frozen=True, slots=True)
class ModelPreset:
    """One known model. `gguf_keys` lack the architecture's name in front."""

    name: str
    title: str
    source: str  # a public page with these numbers
    architecture: str
    gguf_keys: GgufKeys
    optional_tensors: tuple[str, ...]
    quantizations: tuple[str, ...]

    @property
    def default_quantization(self) -> str:
        """What a name without a quantization means."""
        return _DEFAULT if _DEFAULT in self.quantizations else self.quantizations[0]


def parse_presets(tables: Mapping[str, object]) -> dict[str, ModelPreset]:
    """The presets in the tables of a models.toml, by name. Raises PresetError that names the wrong entry."""
    presets = {}
    for name, table in tables.items():
        try:
            presets[name] = _preset(name, table, tables)
        except ValueError as error:
            raise malformed(name, error) from error
    return presets


def malformed(name: str, error: ValueError) -> PresetError:
    """The error for an entry that cannot be used, with what is wrong with it."""
    return PresetError(
        f'The model preset "{name}" is malformed: {error}.',
        hint=f"Compare it with the others in presets/{FILE}.",
    )


def _preset(name: str, table: object, tables: Mapping[str, object]) -> ModelPreset:
    entry = _with_base(_table("it", table), tables)
    unknown = sorted(entry.keys() - _FIELDS)
    if unknown:
        raise ValueError(f"{unknown[0]} is not a field")
    if name != name.lower() or ":" in name:
        raise ValueError("a name is in lower case, without a colon")
    return ModelPreset(
        name=name,
        title=_text(entry, "title"),
        source=_text(entry, "source"),
        architecture=_known(BLUEPRINTS, "architecture", (_text(entry, "architecture"),))[0],
        gguf_keys=dict(_flat("", _table("gguf", entry.get("gguf")))),
        optional_tensors=_known(OPTIONAL, "optional_tensors", _words(entry, "optional_tensors", ())),
        quantizations=_known(QUANTIZATIONS, "quantizations", _words(entry, "quantizations", _USUAL)),
    )


def _with_base(own: Mapping[str, object], tables: Mapping[str, object]) -> dict[str, object]:
    """The entry with what it takes over from the one that it is the same as; its own keys win."""
    if "same_as" not in own:
        return dict(own)
    base_name = _text(own, "same_as")
    base = _table(base_name, tables.get(base_name))
    if "same_as" in base:
        raise ValueError(f"{base_name} is itself the same as another")
    keys = {**_table("gguf", base.get("gguf")), **_table("gguf", own.get("gguf", {}))}
    return {**base, **own, "gguf": keys}


def _flat(prefix: str, table: Mapping[str, object]) -> Iterator[tuple[str, Scalar | tuple[Scalar, ...]]]:
    """Nested tables as dotted keys, lists as tuples."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{key}.", value)
        elif isinstance(value, list) and len({type(element) for element in value}) == 1:
            yield prefix + key, tuple(_scalar(prefix + key, element) for element in value)
        else:
            yield prefix + key, _scalar(prefix + key, value)


def _scalar(key: str, value: object) -> Scalar:
    if isinstance(value, int | float | str):
        return value
    raise ValueError(f"{key} is neither a number nor a list of one kind of number")


def _table(name: str, value: object) -> Mapping[str, object]:
    if isinstance(value, Mapping):
        return value
    raise ValueError(f"{name} is not a table")


def _text(table: Mapping[str, object], key: str) -> str:
    value = table.get(key)
    if isinstance(value, str) and value:
        return value
    raise ValueError(f"{key} is missing or not a text")


def _words(table: Mapping[str, object], key: str, default: tuple[str, ...]) -> tuple[str, ...]:
    value = table.get(key)
    if value is None:
        return default
    if isinstance(value, list) and value and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise ValueError(f"{key} is not a list of words")


def _known(known: Mapping[str, object], key: str, words: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [word for word in words if word not in known]
    if unknown:
        raise ValueError(f"{key} holds {unknown[0]}, but only {', '.join(known)} are known")
    return words
