"""What llama-cpp-python and its server make of what was exported, for test_llama_cpp_python_library.py.

A program of its own: the library stays out of the process that runs the tests. With --load the models are
really loaded, and llama.cpp says on stderr what it allocates.
"""

from __future__ import annotations

import inspect
import json
import sys
from typing import Any

import llama_cpp
from llama_cpp.server.model import LlamaProxy
from llama_cpp.server.settings import ConfigFileSettings, ServerSettings
from pydantic import ValidationError

KNOWN = {
    word.name
    for word in inspect.signature(llama_cpp.Llama.__init__).parameters.values()
    if word.kind is not inspect.Parameter.VAR_KEYWORD
}


class Asked:
    """Stands in for Llama and keeps what it is asked for."""

    def __init__(self, **words: Any) -> None:
        self.words = words


def made_by_code(text: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile(text, "load_model.py", "exec"), names)
    model = names["model"]
    # The library itself passes over a word that it does not know.
    if isinstance(model, Asked) and (unknown := model.words.keys() - KNOWN):
        raise TypeError(f"unknown: {', '.join(sorted(unknown))}")
    return model


def made_by_server(text: str) -> Any:
    """As llama_cpp/server/__main__.py reads its file, and its proxy starts the model."""
    config = ConfigFileSettings.model_validate_json(text)
    ServerSettings.model_validate(config)
    (model,) = config.models
    return LlamaProxy.load_llama_from_model_settings(model)


def main() -> None:
    if "--load" not in sys.argv:
        llama_cpp.Llama = Asked
    answers: list[dict[str, Any]] = []
    for question in json.load(sys.stdin):
        make = made_by_server if question["name"] == "server.json" else made_by_code
        try:
            model = make(question["text"])
        except (ValidationError, TypeError) as error:
            answers.append({"refused": str(error)})
        else:
            answers.append({"read": model.words} if isinstance(model, Asked) else {"n_ctx": model.n_ctx()})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
