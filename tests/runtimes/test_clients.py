"""What was exported for a server's clients: read by Continue's own parser, held against OpenCode's type."""

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from advisor.export.registry import render
from advisor.settings.load_settings import LoadSettings
from tests.support.export_settings import EVERYTHING, PLAIN
from tests.support.planning import a_model
from tests.support.readers import answers, modules, node

FACTS = a_model()
SETTINGS = (PLAIN, EVERYTHING, replace(PLAIN, n_ctx=1024))
NAMES = ("/m/a b $x 'é'#;.gguf", "maker/model:8b", "on")


def continue_(settings: LoadSettings, model_path: str) -> str:
    for_ollama = replace(settings, runtime="ollama")
    return render("continue", for_ollama, FACTS, model_path=model_path).files[0].text


def test_continue_refuses_what_is_wrong() -> None:
    """Else the test below could not fail."""
    good = continue_(PLAIN, "x")
    wrong = [good.replace("32768", '"all"'), good.replace("provider:", "providers:"), "models: ["]
    assert all(text != good for text in wrong)
    assert all("refused" in answer for answer in answers("continue_schema.mjs", wrong))


def test_continue_keeps_every_word() -> None:
    said = [(settings, path) for settings in SETTINGS for path in NAMES]
    found = answers("continue_schema.mjs", [continue_(*it) for it in said])
    for (settings, path), answer in zip(said, found, strict=True):
        (model,) = answer["read"]["models"]
        n_ctx = settings.n_ctx // settings.n_seq_max
        assert model["defaultCompletionOptions"] == {
            "contextLength": n_ctx,
            "maxTokens": min(4096, n_ctx // 4),
        }
        assert model["provider"] == "ollama"
        assert model["model"] == path or path.endswith(".gguf")
        # It finds every context below some thousand tokens too small for an answer.
        assert bool(answer["complaints"]) is (n_ctx < 1334)


def typed(documents: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """TypeScript's opinion of each document as a Config of OpenCode's SDK."""
    packages = folder / "node_modules"
    packages.symlink_to(modules(), target_is_directory=True)
    program = folder / "opencode.ts"
    lines = ['import type { Config } from "@opencode-ai/sdk/v2/types"']
    lines += [f"export const config{number}: Config = {text}" for number, text in enumerate(documents)]
    program.write_text("\n".join(lines), encoding="utf-8")
    options = ("--noEmit", "--strict", "--skipLibCheck")
    language = ("--lib", "es2022", "--target", "es2022", "--module", "nodenext")
    return node(packages / "typescript" / "bin" / "tsc", *options, *language, program)


def opencode(settings: LoadSettings) -> str:
    return render("opencode", settings, FACTS, model_path="/m/a b $x 'é'#;.gguf").files[0].text


def test_opencode_refuses_what_is_wrong(tmp_path: Path) -> None:
    """Else the test below could not fail."""
    good = opencode(PLAIN)
    wrong = [good.replace(*it) for it in (('"context"', '"ctx"'), ("32768", '"all"'), ('"provider"', '"p"'))]
    done = typed(wrong, tmp_path)
    assert done.returncode != 0
    assert len({line.split("(")[1] for line in done.stdout.splitlines() if "error TS" in line}) == len(wrong)


def test_opencode_takes_it_for_its_settings(tmp_path: Path) -> None:
    done = typed([opencode(settings) for settings in SETTINGS], tmp_path)
    assert done.returncode == 0, done.stdout
