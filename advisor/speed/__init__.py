"""How fast a load reads a prompt and writes an answer: estimated, or by what this computer has measured."""

from advisor.speed.decoding import Decoding, decoding
from advisor.speed.measured import calibrated
from advisor.speed.prefill import Prefill
from advisor.speed.rate import Rate

__all__ = ["Decoding", "Prefill", "Rate", "calibrated", "decoding"]
