"""An answer that may wait: a view says for what, and the web server holds the answer without a thread.

What stands between the two in the WSGI environment; a server that offers nothing answers at once.
"""

from dataclasses import dataclass
from typing import Any, Final, Protocol

# What the server offers, what a view asks for, and what was waited for when the view is called once more.
OFFER: Final = "genhub.waits"
ASKED: Final = "genhub.wait"
DONE: Final = "genhub.waited"


@dataclass(frozen=True)
class Wait:
    """What an answer waits for, by its key, and for how long at most."""

    key: str
    seconds: int


class Offer(Protocol):
    """Who holds answers."""

    def watch(self, wait: Wait) -> Any:
        """Return a ticket that hears of the key's end from now on; None when too many wait."""

    def drop(self, ticket: Any) -> None:
        """Wait no more for this."""
