"""What a person may name beside MODEL: a projector, a draft model, LoRA adapters."""

from __future__ import annotations

import argparse
from pathlib import Path

from advisor.basis import Note
from advisor.cli.asked.installed import installed_here
from advisor.cli.asked.model import is_here, named_facts
from advisor.errors import SettingsError
from advisor.library.company import projectors_of
from advisor.library.names import exists, installed_named
from advisor.library.places import places_here
from advisor.library.stores import ollama
from advisor.memory.companions import Companions, Draft, nearby_note
from advisor.memory.multi_token import Prediction
from advisor.model import ModelFacts
from advisor.model.adapter import read_adapter
from advisor.model.projector import read_projector
from advisor.settings.request import ALL_LAYERS

MOST_DRAFTED = 64


def companions_of(args: argparse.Namespace) -> Companions:
    """Reads what `--mmproj`, `--model-draft` and `--lora` name. Raises ModelError leaves and PresetError.

    Ollama loads a model's projector always, so a model by its Ollama name has it without being told.
    """
    projector = Path(args.mmproj) if args.mmproj else _projector_of_name(args.model)
    return Companions(
        projector=read_projector(projector) if projector else None,
        draft=_draft(args) if args.model_draft else None,
        adapters=tuple(read_adapter(path) for words in args.lora for path in _files(words)),
        prediction=_prediction(args),
    )


def nearby_notes(args: argparse.Namespace, facts: ModelFacts) -> tuple[Note, ...]:
    """What lies beside the model and is not counted: people forget its projector."""
    if args.mmproj or not is_here(args.model) or facts.path is None or _projector_of_name(args.model):
        return ()
    note = nearby_note(projectors_of(facts, places_here()))
    return (note,) if note else ()


def _projector_of_name(word: str) -> Path | None:
    if not is_here(word) or exists(word):
        return None
    model = installed_named(word, installed_here())
    return next(iter(model.projectors), None) if model and model.store == ollama.STORE else None


def _files(words: str) -> list[Path]:
    """llama.cpp takes several adapters with commas between them; a name that has one is still a name."""
    whole = Path(words)
    return [whole] if exists(words) else [Path(word) for word in words.split(",")]


def _prediction(args: argparse.Namespace) -> Prediction | None:
    if args.mtp is None:
        return None
    if not 1 <= args.mtp <= MOST_DRAFTED:
        raise SettingsError(
            "--mtp", f"{args.mtp} is not possible.", hint=f"Choose a value from 1 to {MOST_DRAFTED}."
        )
    return Prediction(args.mtp, args.cache_type_k_draft, args.cache_type_v_draft)


def _draft(args: argparse.Namespace) -> Draft:
    n_gpu_layers = args.gpu_layers_draft
    return Draft(
        facts=named_facts(args.model_draft),
        cache_type_k=args.cache_type_k_draft,
        cache_type_v=args.cache_type_v_draft,
        n_gpu_layers=None if n_gpu_layers == ALL_LAYERS else n_gpu_layers,
    )
