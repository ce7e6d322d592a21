"""An answer that may wait, or flow: a view says for what, and the web server holds the answer without a thread.

What stands between the two in the WSGI environment; a server that offers nothing answers at once.
"""

from dataclasses import dataclass
from typing import Any, Final, Protocol

# What the server offers, what a view asks for, and what was waited for when the view is called once more.
OFFER: Final = "genhub.waits"
# When the request came, as time.monotonic counts: it may have waited for a thread since.
ARRIVED: Final = "genhub.arrived"
ASKED: Final = "genhub.wait"
DONE: Final = "genhub.waited"
# Set by a view whose refusal is meant: the answer while it is waited for, or in place of it. Any other refusal ends
# a wait, and never takes the place of an answer that there was before.
MEANT: Final = "genhub.meant"
# Set by a view whose answer is a stream: the address of the events process that gives it in the view's place. Where
# that process is away, the view is called once more, as after a wait for this key.
STREAM: Final = "genhub.stream"


@dataclass(frozen=True)
class Streamed:
    """Where the events process gives the answer, and for what it stands."""

    address: str
    key: str


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
