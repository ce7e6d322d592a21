"""What a look at one thing found."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from django.db import DatabaseError

LONGEST_ERROR = 300


class Verdict(StrEnum):
    """How bad it is."""

    GOOD = "good"
    # The hub works, but not as well or as safely as it could.
    WARNING = "warning"
    # Orders, money, files or people who wait for them come to harm.
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was seen there and, where that is not good, how to mend it."""

    name: str
    verdict: Verdict
    said: str
    mend: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it in the words of `--json`."""
        return asdict(self)


Look = Callable[[], Iterator[Finding]]


def good(name: str, said: str) -> Finding:
    """Return that all is well."""
    return Finding(name, Verdict.GOOD, said)


def warning(name: str, said: str, mend: str) -> Finding:
    """Return what could be better."""
    return Finding(name, Verdict.WARNING, said, mend)


def fault(name: str, said: str, mend: str) -> Finding:
    """Return what must be mended."""
    return Finding(name, Verdict.FAULT, said, mend)


def examine(name: str, look: Look) -> Iterator[Finding]:
    """Look at one thing; a look that breaks is a finding, too, and stops no other."""
    try:
        yield from look()
    except DatabaseError as error:
        yield fault(name, f"PostgreSQL refused to say: {word(error)}", "see `database` first")
    except Exception as error:  # noqa: BLE001 (whatever is broken there is told, and the next is looked at)
        yield fault(
            name, word(error), "what this asks for is broken, or the hub may not reach it from here"
        )


def word(error: BaseException) -> str:
    """Return an error in one line."""
    text = " ".join(str(error).split())[:LONGEST_ERROR]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
