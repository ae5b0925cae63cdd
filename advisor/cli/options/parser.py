"""The command line's verbs, and which options each of them takes."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Sequence
from typing import NoReturn

from advisor import __version__
from advisor.cli.options.load_groups import add_companions, add_computer, add_model, add_settings
from advisor.cli.options.verb_groups import add_export, add_goal, add_history, add_need, add_probe, add_talk
from advisor.errors import UsageError

VERBS = {
    "inspect": "what the file is: layers, attention, KV bytes per token",
    "plan": "memory for the given settings, per device, with basis and verdict",
    "recommend": "the best settings here, the alternatives and the levers",
    "probe": "the real limit on this computer, proved by filling",
    "export": "the answer as text or file for a runtime",
    "models": "the GGUF models on this computer, with what fits of each",
    "devices": "what memory this computer has and how much is usable",
    "doctor": "engine, backends, drivers: what is wrong and the exact fix",
    "explain": "the field's terms in plain words",
    "history": "past proofs: predicted against measured",
}

DESCRIPTION = """\
How much context a GGUF model can hold on this computer.
Without a verb, or with only files, it opens the window.

verbs:
""" + "\n".join(f"  {verb:9}  {answer}" for verb, answer in VERBS.items())

EPILOG = """\
examples:
  context-advisor recommend model.gguf
  context-advisor recommend preset:llama-3.1-8b --vram 8GiB
  context-advisor plan model.gguf -c 32k -ctk q8_0 -ctv q8_0

exit codes:
  0  answered: it fits, also if tight or paging from disk
  1  answered: it does not fit, or that is not known
  2  usage: what was asked cannot be
  3  the model cannot be read
  4  no usable engine for what was asked
  5  a proof was stopped or failed
  130  interrupted"""

# argparse's own sentences, and ours in their place.
_SENTENCES = (
    (r"(.+): invalid choice: '?(.*?)'? \(choose from (.+)\)", r'\1: "\2" is not one of \3'),
    (r"(.+): invalid int value: '(.*)'", r'\1: "\2" is not a whole number'),
    (r"(.+): invalid float value: '(.*)'", r'\1: "\2" is not a number'),
    (r"(.+): expected (?:one|at least one) argument", r"\1: what should stand after it is missing"),
    (r"the following arguments are required: (.+)", r"\1 is missing"),
)


class Words(argparse.RawDescriptionHelpFormatter):
    """Help in which an option names its value once: "-c, --ctx-size N"."""

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        value = self._format_args(action, self._get_default_metavar_for_optional(action))
        return f"{', '.join(action.option_strings)} {value}"


class Parser(argparse.ArgumentParser):
    """argparse, but a wrong word raises our own UsageError: one way to report, also in JSON."""

    def error(self, message: str) -> NoReturn:
        sentence = message.removeprefix("argument ")
        for theirs, ours in _SENTENCES:
            if match := re.fullmatch(theirs, sentence):
                sentence = match.expand(ours).replace("'", "")
        raise UsageError(
            sentence if sentence.endswith(".") else f"{sentence}.", hint=f"See {self.prog} --help."
        )


def parse(words: Sequence[str]) -> argparse.Namespace:
    """What the words say, beside the words themselves.

    Raises UsageError for what is no verb or option, with the nearest that is one.
    """
    first = next(iter(words), "")
    if first and not first.startswith("-") and first not in VERBS:
        near = difflib.get_close_matches(first, VERBS, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"The verbs are {', '.join(VERBS)}."
        if ":" in first:  # preset:NAME, Ollama's llama3.1:8b, an address
            hint = f"If it is a model, write the verb first: context-advisor recommend {first}."
        raise UsageError(f'There is no verb "{first}".', hint=hint)
    arguments, left = build_parser().parse_known_args(words)
    if left:
        raise _not_understood(left[0], arguments.verb, arguments.parser)
    arguments.words = tuple(words)
    return arguments


def _not_understood(word: str, verb: str, parser: argparse.ArgumentParser) -> UsageError:
    see = f"See {parser.prog} --help."
    if not word.startswith("-"):
        hint = f"A name with spaces in it needs quotes around it. {see}"
        return UsageError(f'"{word}" is one word too many.', hint=hint)
    name = word.partition("=")[0]
    options = re.findall(r"(?<![\w-])--?[a-z][\w-]*", parser.format_help())
    if name in options:
        return UsageError(f"{name} stands before the verb.", hint=f"Write it after {verb}.")
    near = difflib.get_close_matches(name, options, n=1)
    return UsageError(
        f"{name} is not an option of {verb}.", hint=f"Did you mean {near[0]}? {see}" if near else see
    )


def build_parser() -> Parser:
    """The whole command line; each verb's parser sets `verb`."""
    parser = Parser(
        prog="context-advisor",
        usage="context-advisor VERB ...\n       context-advisor [FILE ...]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=Words,
    )
    parser.add_argument("--version", action="version", version=f"context-advisor {__version__}")
    verbs = parser.add_subparsers(dest="verb", prog=parser.prog, help=argparse.SUPPRESS)
    verbs.required, verbs.metavar = True, "VERB"
    for verb, answer in VERBS.items():
        of_verb = verbs.add_parser(
            verb, description=f"{answer[0].upper()}{answer[1:]}.", formatter_class=Words
        )
        _OF_VERB[verb](of_verb)
        add_talk(of_verb)
        of_verb.set_defaults(parser=of_verb)
    return parser


def _inspect(parser: Parser) -> None:
    parser.usage = "%(prog)s MODEL [options]"
    add_model(parser)


def _plan(parser: Parser) -> None:
    parser.usage = "%(prog)s MODEL [options]"
    add_model(parser, may_be_pasted=True)
    parser.add_argument(
        "--pasted",
        metavar="FILE|-",
        help="judge what you already have: a llama-server command, a Modelfile, LM Studio's defaults",
    )
    _add_load(parser)


def _recommend(parser: Parser) -> None:
    parser.usage = "%(prog)s MODEL [options]"
    add_model(parser)
    add_goal(
        parser,
        "chat (which it is without), documents, coding, several-users, longest-context or quality-first",
    )
    parser.add_argument("--save-goal", metavar="NAME", help="keep what was said as a goal of your own")
    add_need(parser)
    _add_load(parser)


def _probe(parser: Parser) -> None:
    parser.usage = "%(prog)s MODEL [options]"
    add_model(parser)
    add_probe(parser)
    add_goal(parser, "prove the settings that are recommended for this")
    _add_load(parser)


def _export(parser: Parser) -> None:
    parser.usage = "%(prog)s MODEL --to PROGRAM [options]"
    add_model(parser)
    add_export(parser)
    add_goal(parser, "what the model is for, without -c (default: chat)")
    add_need(parser)
    _add_load(parser)


def _models(parser: Parser) -> None:
    parser.usage = "%(prog)s [DIR ...] [options]"
    parser.add_argument("folders", nargs="*", metavar="DIR", help="further folders to look through")
    parser.add_argument("--left-out", action="store_true", help="name half downloads and side files, too")
    parser.add_argument("--json-lines", action="store_true", help="one JSON document a line, as it is known")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)  # for our window
    add_computer(parser)


def _computer(parser: Parser) -> None:
    parser.usage = "%(prog)s [options]"
    add_computer(parser)


def _explain(parser: Parser) -> None:
    parser.usage = "%(prog)s [TERM] [options]"
    parser.add_argument("term", nargs="*", metavar="TERM", help="without one, all of them in a line each")


def _history(parser: Parser) -> None:
    parser.usage = "%(prog)s [WORD] [options]"
    add_history(parser)


def _add_load(parser: Parser) -> None:
    """What a load is made of: its settings, what is loaded beside the model, and where."""
    add_settings(parser)
    add_companions(parser)
    add_computer(parser)


_OF_VERB = {
    "inspect": _inspect,
    "plan": _plan,
    "recommend": _recommend,
    "probe": _probe,
    "export": _export,
    "models": _models,
    "devices": _computer,
    "doctor": _computer,
    "explain": _explain,
    "history": _history,
}
