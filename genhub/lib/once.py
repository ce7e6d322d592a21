"""Reads that one piece of work would repeat: each is made once for the same arguments, while somebody says so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

Words = ParamSpec("Words")
Found = TypeVar("Found")

_found: ContextVar[dict[Any, Any] | None] = ContextVar("found", default=None)


@contextmanager
def reading_once() -> Iterator[None]:
    """Remember what is read inside: all of it is then of about the same moment, and nothing outlives the body."""
    token = _found.set({})
    try:
        yield
    finally:
        _found.reset(token)


def once(read: Callable[Words, Found]) -> Callable[Words, Found]:
    """Make a read that is remembered inside of `reading_once`, and plain elsewhere. What it returns is nobody's to
    change; what it raises is not remembered."""

    @wraps(read)
    def reading(*args: Words.args, **words: Words.kwargs) -> Found:
        found = _found.get()
        if found is None:
            return read(*args, **words)
        key = (read, args, tuple(sorted(words.items())))
        if key not in found:
            found[key] = read(*args, **words)
        result: Found = found[key]
        return result

    return reading
