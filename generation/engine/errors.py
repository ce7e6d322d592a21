"""How the engine fails; every message is for staff."""


class EngineError(Exception):
    """A model cannot be loaded, or a picture cannot be made with it."""


class OutOfMemoryError(Exception):
    """The device has too little memory for one picture, also alone and in the tightest mode."""
