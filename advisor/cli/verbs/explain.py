"""`explain`: the field's terms in plain words."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from advisor.cli.documents.document import document, print_json
from advisor.cli.text.console import text_console
from advisor.terms import find_term, load_terms


def run(args: argparse.Namespace) -> int:
    terms = load_terms()
    chosen = [find_term(" ".join(args.term), terms)] if args.term else list(terms.values())
    if args.json:
        print_json(document(terms=[asdict(term) for term in chosen]))
        return 0
    from advisor.cli.text.terms import print_term, print_terms  # rich, which --json does not need

    if args.term:
        print_term(text_console(), chosen[0])
    else:
        print_terms(text_console(), chosen)
    return 0
