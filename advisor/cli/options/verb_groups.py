"""The options that a verb has beside those of a load: how it talks, its goal, its proof, its export."""

from __future__ import annotations

import argparse
import os

from advisor.cli.options.values import memory_size, positive, typed
from advisor.export.choices import FLAVOURS, SHELLS, TARGETS, Shell
from advisor.units import parse_tokens


def add_talk(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    parser.add_argument(
        "--verbose", action="store_true", help="say more: all of a recommendation; who answered, on stderr"
    )


def add_goal(parser: argparse.ArgumentParser, meaning: str) -> None:
    """`meaning` says what the verb does with a goal."""
    group = parser.add_argument_group("goal, and how fast is fast enough (a full context is judged)")
    group.add_argument("--goal", metavar="GOAL", help=meaning)
    group.add_argument(
        "--patience-seconds",
        type=typed(positive),
        metavar="N",
        help="wait at most so long for the first token, in place of the goal's figure",
    )
    group.add_argument(
        "--patience-speed",
        type=typed(positive),
        metavar="N",
        help="tokens/s below which writing is too slow, in place of the goal's figure",
    )
    group.add_argument("--no-patience", action="store_true", help="any speed will do")


def add_need(parser: argparse.ArgumentParser) -> None:
    tokens = typed(parse_tokens)
    group = parser.add_argument_group("what do I need? (without -c it is the context wanted)")
    group.add_argument("--prompt", action="append", default=[], metavar="FILE", help="a text (repeatable)")
    group.add_argument("--pages", type=tokens, metavar="N", help="so many pages of text more")
    group.add_argument("--chars", type=tokens, metavar="N", help="so many characters of text more")
    group.add_argument("--system", metavar="FILE|N", help="the system prompt: a text, or its tokens")
    group.add_argument("--answer", type=tokens, metavar="N", help="tokens of the answer (default: 1024)")


def add_probe(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("proof (of the context in -c, or of the largest that there is)")
    group.add_argument("--fill", choices=("auto", "copy", "full"), default="auto", help="how it is filled")
    group.add_argument("--max-seconds", type=float, metavar="N", help="end after this time with what worked")
    group.add_argument(
        "--cap", type=typed(memory_size), metavar="SIZE", help="limit the memory of the process that loads"
    )


def add_export(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("export")
    programs = ", ".join(TARGETS)
    group.add_argument(
        "--to", choices=tuple(TARGETS), required=True, metavar="PROGRAM", help=f"whose words: {programs}"
    )
    group.add_argument(
        "--flavour", choices=FLAVOURS, default="pinned", help="exactly this, or layers left open"
    )
    group.add_argument("--shell", choices=SHELLS, default=default_shell(), help="whose quoting")
    group.add_argument("--name", help="what Ollama or LM Studio calls the model, in place of its file")
    group.add_argument(
        "--from-probe", action="store_true", help="the safe context and settings of the last proof"
    )
    group.add_argument("-o", "--output", metavar="FILE", help="a file to write, or a folder for all of them")
    group.add_argument("--force", action="store_true", help="replace what is there")
    group.add_argument(
        "--apply", action="store_true", help="merge it into the Modelfile or LM Studio's file, after a yes"
    )
    group.add_argument("--yes", action="store_true", help="do not ask before --apply writes")
    group.add_argument("--run", action="store_true", help="after --apply: ollama create, or lms load")
    group.add_argument(
        "--check", nargs="?", const="", metavar="URL", help="ask the running server what it has loaded now"
    )


def default_shell() -> Shell:
    """The one that people have open."""
    return "powershell" if os.name == "nt" else "sh"


def add_history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", nargs="*", metavar="WORD", help="only of models with this in their name")
    parser.add_argument("--export", metavar="FILE", help="write them to a .csv or .json file")
    parser.add_argument("--force", action="store_true", help="replace the file that is there")
    parser.add_argument("--clear", action="store_true", help="forget all proofs and what they taught")
    parser.add_argument("--yes", action="store_true", help="do not ask")
