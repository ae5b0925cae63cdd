"""The advice: from a model, a computer and a goal to settings, with what else there is and what it buys.

`advise` is the way through it: `rows` lists the choices of cache types and places, each with its largest
context (`row`, along `search` and `crossing`); `choice` takes one of them for the goal; `comfort` says how
fast it is, `nearest` what would fit where nothing does; `reasons` and `levers` say why and what to change.

All of them ask a `Planning` what a load takes. `Planner` is the one that can ask the engine, `Expectation`
the one that learns from its answers where to ask next.

Beside the way: what a program does by itself (`programs`), and how much context a text needs (`need`).
"""
