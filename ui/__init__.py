"""The desktop window: it shows what `advisor` answers, and computes nothing beyond its own layout."""

from ui.singletons import hold_singletons

hold_singletons()
