"""What do I need? The tokens of a prompt with its answer, and whether a recommended context holds them.

Pure arithmetic. Counting by the model's own vocabulary is `prompt.py`'s; what is estimated says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

from advisor.basis import Basis, Note
from advisor.model.facts import ModelFacts
from advisor.recommend.need.text_file import Characters
from advisor.recommend.result import Lever, Recommendation
from advisor.settings.load_settings import MAX_N_CTX
from advisor.settings.request import Request
from advisor.units import CONTEXT_STEP, format_tokens, pad

# api-docs.deepseek.com/quick_start/token_usage: an English character is about 0.3 token. OpenAI says 0.25
# (help.openai.com, "What are tokens and how to count them?"), and 16 vocabularies of llama.cpp's models/
# took 0.21 to 0.25 for English prose, 0.22 to 0.40 for German.
TOKENS_PER_CHARACTER = 0.3
# Of the same vocabularies, C++ and JSON took 0.35 to 0.67 token a character, Python 0.24 to 0.42: what makes
# the difference is signs and digits, most of which are tokens of their own.
TOKENS_PER_SIGN = 1.0
# Russian took 0.23 to 0.54.
TOKENS_PER_ACCENTED = 0.5
# Chinese took 0.62 to 1.37, Japanese 0.51 to 1.67: newer vocabularies the least (DeepSeek says 0.6).
TOKENS_PER_OTHER = 1.0

# The same page of OpenAI: 100 tokens are about 75 English words. A page of a printed book has 250 to 300.
WORDS_PER_TOKEN = 0.75
WORDS_PER_PAGE = 300
# Pages are as dense as they are, and other languages take more tokens: a quarter is added to such a need.
PAGES_MARGIN = 1.25

# What a chat template writes around a turn or two, without tools: from ten tokens (Gemma) to some seventy
# (gpt-oss, whose template adds a system message of its own).
TEMPLATE_TOKENS = 128
DEFAULT_ANSWER_TOKENS = 1024


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a prompt. `basis`: ENGINE as counted by the model's vocabulary, ASSUMED as estimated, None
    as a person said it.

    `note` says why it is estimated, or how.
    """

    name: str
    n_tokens: int
    basis: Basis | None
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """The tokens that one conversation needs: prompt, system prompt, what the template adds, and answer."""

    prompt: tuple[Part, ...]
    system: Part | None
    answer_tokens: int
    template_tokens: int = TEMPLATE_TOKENS

    @property
    def parts(self) -> tuple[Part, ...]:
        """All that is known of what is read, the system prompt last."""
        return (*self.prompt, self.system) if self.system else self.prompt

    @property
    def prompt_tokens(self) -> int:
        """All that is read before the answer begins."""
        return sum(part.n_tokens for part in self.parts) + self.template_tokens

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.answer_tokens

    @property
    def n_ctx(self) -> int:
        """The context that holds it, as llama.cpp rounds."""
        return pad(self.total_tokens, CONTEXT_STEP)

    @property
    def basis(self) -> Basis:
        """That of its least sure part. A length that a person gave is not a guess of ours."""
        found = (part.basis for part in self.parts if part.basis)
        return min(found, key=list(Basis).index, default=Basis.ENGINE)


@dataclass(frozen=True, slots=True)
class NeedAnswer:
    """Whether the recommended context holds the need.

    Contexts are those of one conversation. `short_by` is how many tokens are too many for `n_ctx_safe`, the
    largest that fits; 0 where it holds them. `levers` say what would help, best first.
    """

    need: Need
    n_ctx: int
    n_ctx_safe: int
    short_by: int
    verdict: Note
    levers: tuple[Lever, ...]

    @property
    def fits(self) -> bool:
        return self.need.total_tokens <= self.n_ctx


def estimated_tokens(characters: Characters) -> int:
    """Tokens of a text by the kinds of its characters: rather too many than too few."""
    return ceil(
        characters.plain * TOKENS_PER_CHARACTER
        + characters.signs * TOKENS_PER_SIGN
        + characters.accented * TOKENS_PER_ACCENTED
        + characters.other * TOKENS_PER_OTHER
    )


def characters_part(n_characters: int) -> Part:
    """So many characters of text that nobody has seen."""
    n_tokens = ceil(n_characters * TOKENS_PER_CHARACTER)
    text = (
        f"{format_tokens(n_characters)} characters are estimated at {TOKENS_PER_CHARACTER:g} token each; "
        "code and other scripts take more."
    )
    return Part("characters", n_tokens, Basis.ASSUMED, Note("tokens-estimated-by-characters", text))


def pages_part(n_pages: float) -> Part:
    """So many pages of text that nobody has seen."""
    per_page = WORDS_PER_PAGE / WORDS_PER_TOKEN * PAGES_MARGIN
    text = (
        f"Pages are estimated at {WORDS_PER_PAGE} words or {per_page:.0f} tokens each, "
        f"which includes a margin of {PAGES_MARGIN - 1:.0%}; a dense page has twice as many."
    )
    return Part("pages", ceil(n_pages * per_page), Basis.ASSUMED, Note("tokens-estimated-by-pages", text))


def in_words(n_ctx: int) -> str:
    """A context for people: "about 36,900 words or 120 pages". English prose; no more than an idea."""
    words = n_ctx * WORDS_PER_TOKEN
    pages = _rounded(words / WORDS_PER_PAGE)
    return f"about {format_tokens(_rounded(words))} words or {format_tokens(pages)} " + (
        "page" if pages == 1 else "pages"
    )


def requested(need: Need, request: Request, facts: ModelFacts) -> Request:
    """The request with the need as its wanted context, where it does not name one: each slot then has it.

    Beyond the training context only where the request goes there.
    """
    if request.n_ctx is not None:
        return request
    n_ctx = need.n_ctx
    if facts.n_ctx_train and not request.above_training:
        n_ctx = min(n_ctx, max(CONTEXT_STEP, facts.n_ctx_train // CONTEXT_STEP * CONTEXT_STEP))
    n_ctx = min(n_ctx, MAX_N_CTX)
    return replace(request, n_ctx=n_ctx, users=request.users or request.n_seq_max)


def answered(need: Need, answer: Recommendation) -> NeedAnswer:
    """The recommendation judged by the need. Of several slots each has its share, shared cache or not."""
    n_ctx = answer.n_ctx // answer.settings.n_seq_max
    n_ctx_safe = answer.n_ctx_safe // answer.settings.n_seq_max
    total = need.total_tokens
    short_by = max(0, total - max(n_ctx, n_ctx_safe))
    fits = total <= n_ctx
    return NeedAnswer(
        need=need,
        n_ctx=n_ctx,
        n_ctx_safe=n_ctx_safe,
        short_by=short_by,
        verdict=_verdict(need, n_ctx, n_ctx_safe, short_by, answer.model.n_ctx_train),
        levers=() if fits else _levers(need, short_by, answer),
    )


def _verdict(need: Need, n_ctx: int, n_ctx_safe: int, short_by: int, n_ctx_train: int) -> Note:
    about = "" if need.basis is Basis.ENGINE else "about "
    needs = f"Your text needs {about}{format_tokens(need.total_tokens)} tokens with its answer"
    if need.total_tokens <= n_ctx:
        left = format_tokens(n_ctx - need.total_tokens)
        return Note("need-fits", f"{needs}: it fits, and leaves {left} of {format_tokens(n_ctx)}.")
    if not short_by:
        return Note(
            "need-needs-more",
            f"{needs}: more than the {format_tokens(n_ctx)} of this context. "
            f"It needs one of {format_tokens(need.n_ctx)}; up to {format_tokens(n_ctx_safe)} fit here.",
        )
    too_long = f"it is {about}{format_tokens(short_by)} tokens too long"
    if need.total_tokens > n_ctx_train > 0 and n_ctx_safe >= n_ctx_train // CONTEXT_STEP * CONTEXT_STEP:
        trained = format_tokens(n_ctx_train)
        return Note("need-above-training", f"{needs}: {too_long} for this model, trained for {trained}.")
    if not n_ctx_safe:
        return Note("need-nothing-fits", f"{needs}, and no context fits here.")
    return Note("need-too-long", f"{needs}: {too_long} for the {format_tokens(n_ctx_safe)} that fit here.")


def _levers(need: Need, short_by: int, answer: Recommendation) -> tuple[Lever, ...]:
    """What makes room for the whole, the smallest gain that is enough first; then to send less."""
    if not short_by:
        return ()
    enough = sorted(
        (lever for lever in answer.levers if lever.gain_tokens >= short_by), key=lambda it: it.gain_tokens
    )
    part = max(1, round(100 * short_by / need.total_tokens))
    less = Lever(
        code="send-less",
        text=f"Send less: leave out {part} % of it, or let a search pick the passages that matter "
        "for each question (retrieval, RAG). It is faster, too.",
        gain_tokens=short_by,
        gain_bytes=0,
        title="Send less",
        detail="retrieve only what matters",
    )
    return (*enough, less)


def _rounded(value: float) -> int:
    """To two or three digits: 36,864 -> 36,900; 122 -> 120; 48 -> 48."""
    whole = round(value)
    if whole < 100:
        return max(1, whole)
    digits = 3 if whole >= 1000 else 2
    return round(whole, digits - len(str(whole)))
