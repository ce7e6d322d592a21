"""What can end the hub: a dead end that a person must mend, or a request to stop."""


class HubError(Exception):
    """The hub cannot go on; the message tells the person at the terminal how to mend it."""


class HomeInUse(HubError):
    """Another hub runs in this home."""


class StopAsked(Exception):
    """Somebody asked the hub to stop while it was busy."""
