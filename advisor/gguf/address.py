"""What names a model elsewhere, and the address that it means. Nothing is asked of anyone here."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from advisor.errors import UsageError
from advisor.printable import printable

HUGGING_FACE = "hf:"
HUGGING_FACE_HOST = "huggingface.co"

# This computer itself: what is sent to it, nobody else can read.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_remote(word: str) -> bool:
    """Whether `word` names a model elsewhere rather than a file here."""
    return word.lower().startswith(("https://", "http://", HUGGING_FACE))


def model_url(word: str) -> str:
    """The address that `word` means: an https address, or `hf:OWNER/REPO/FILE.gguf`.

    Raises UsageError for what is neither, and for http: a model's name need not be told to everyone.
    """
    if word.lower().startswith(HUGGING_FACE):
        owner, _, rest = word[len(HUGGING_FACE) :].strip("/").partition("/")
        repository, _, file = rest.partition("/")
        if not owner or not repository or not file or not _is_text(word):
            raise UsageError(
                f'"{printable(word)}" does not name a file.',
                hint="Write it like hf:OWNER/REPOSITORY/FILE.gguf.",
                code="bad-address",
            )
        return f"https://{HUGGING_FACE_HOST}/{quote(owner)}/{quote(repository)}/resolve/main/{quote(file)}"
    try:
        parts = urlsplit(word)
        is_safe = parts.scheme.lower() == "https" or parts.hostname in LOOPBACK
        has_file = bool(parts.hostname) and len(parts.path) > 1 and not parts.path.endswith("/")
    except ValueError:
        is_safe, has_file = True, False
    if not has_file or not _is_text(word):
        raise UsageError(
            f'"{printable(word)}" is not the address of a file.',
            hint="Write it like https://HOST/PATH/FILE.gguf.",
            code="bad-address",
        )
    if not is_safe:
        raise UsageError(
            "Only https addresses are read.", hint="Write https:// in place of http://.", code="bad-address"
        )
    return word


def _is_text(word: str) -> bool:
    """An argument of a command may hold bytes that are no text, and then no address can be made of it."""
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True
