"""What the person could change: one module per kind of lever."""

from advisor.recommend.levers.ranking import levers

__all__ = ["levers"]
