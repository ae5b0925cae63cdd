"""`inspect`: what the file is, read from its header alone."""

from __future__ import annotations

import argparse

from advisor.cli.asked.model import opened_model
from advisor.cli.documents.document import document, print_json
from advisor.cli.documents.model import attention_to_dict, model_to_dict
from advisor.cli.text.console import text_console
from advisor.model import summary


def run(args: argparse.Namespace) -> int:
    with opened_model(args.model, quiet=args.quiet) as model:
        facts = model.facts
    attention = summary(facts)
    if args.json:
        print_json(document(model=model_to_dict(facts), attention=attention_to_dict(attention)))
        return 0
    from advisor.cli.text.model import print_model  # rich, which --json does not need

    print_model(text_console(), facts, attention)
    return 0
