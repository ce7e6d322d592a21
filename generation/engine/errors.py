"""How the engine fails; every message is for staff."""


class EngineError(Exception):
    """A model cannot be loaded, or a picture cannot be made with it."""


class PromptTooLongError(EngineError):
    """A prompt has more tokens than the model reads."""

    def __init__(self, tokens: int, limit: int) -> None:
        super().__init__(f"{tokens} tokens; the model reads {limit}")
        self.limit = limit


class OutOfMemoryError(Exception):
    """The device has too little memory for one picture, also alone and in the tightest mode."""
