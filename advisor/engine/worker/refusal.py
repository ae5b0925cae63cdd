"""`Refusal`: the one way in which a request fails without the process failing."""


class Refusal(Exception):
    """The answer is no. `kind` names the reason for the parent, `lines` is what llama.cpp said about it.

    Kinds: "missing" (no llama_cpp, or its library does not load), "unfit" (there is one, but its answers
    cannot be trusted), "request" (refused here, before llama.cpp could abort on it), "device" (likewise: a
    device cannot work on it), "engine" (llama.cpp said no), "memory" (the memory that this process may use is
    not enough), "copy" (this context cannot be filled by copies, only by decoding every token), "vocabulary"
    (the model has none).
    """

    def __init__(self, kind: str, message: str, lines: "tuple[str, ...]" = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.lines = lines
