"""The proofs of this computer, kept: what was predicted, what was measured, and what they taught."""

from advisor.history.record import DeviceMark, ProbeRecord, model_key, record_of
from advisor.history.store import History, history_path

__all__ = ["DeviceMark", "History", "ProbeRecord", "history_path", "model_key", "record_of"]
