"""Known models without a file: `preset:NAME[:QUANTIZATION]`, from the table in presets/models.toml."""

from advisor.model.presets.models import (
    ModelPreset,
    load_presets,
    preset_header,
    split_preset,
    write_preset,
)

__all__ = ["ModelPreset", "load_presets", "preset_header", "split_preset", "write_preset"]
