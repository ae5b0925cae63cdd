"""Conversations for tests: two questions, how one is asked, and a clock that a test moves."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from advisor.engine.conversation import Conversation, OnProgress, Question
from advisor.engine.deaths import Stage
from advisor.engine.launch import Launch
from advisor.engine.protocol import ContextAnswer, EngineInfo, Hello, MakeContext
from advisor.settings.load_settings import LoadSettings

HELLO = Question(Hello(0), EngineInfo.read, Stage.START, 60.0)
CONTEXT = Question(MakeContext.of(LoadSettings(n_ctx=4096)), ContextAnswer.read, Stage.CONTEXT, 60.0)


class Clock:
    """Stands still until a test moves it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@contextlib.contextmanager
def conversing(launch: Launch, clock: Callable[[], float] = time.monotonic) -> Iterator[Conversation[str]]:
    """A conversation whose worker is ended after the block."""
    conversation = Conversation[str](launch, HELLO, clock)
    try:
        yield conversation
    finally:
        with conversation.turn():
            conversation.end()


def ask(
    conversation: Conversation[str],
    question: Question[ContextAnswer] = CONTEXT,
    on_progress: OnProgress | None = None,
) -> ContextAnswer:
    """One question in a turn of its own, to a worker that is started if need be."""
    with conversation.turn():
        conversation.started()
        return conversation.ask(question, on_progress)
