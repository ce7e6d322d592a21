"""`Prefer: wait=N` (RFC 7240): a task is answered as soon as it ends, else as it is after so many seconds."""

import re
import threading
import uuid
from collections.abc import Callable, Collection

from django.db import Error
from rest_framework.request import Request
from rest_framework.response import Response

from generation.life.news import EVENT, Listener
from generation.selectors.events import ENDS, find_ended
from generation.states import TASK_LIVE
from genhub.lib.connections import release_connection
from genhub.lib.errors import gettext_noop, refuse_field
from genhub.lib.waits import ASKED, DONE, OFFER, Offer, Wait

LONGEST_SECONDS = 60
WAIT = re.compile(r"wait\s*=\s*(.*)", re.IGNORECASE)
# News may get lost: the rows of all that is waited for are looked at this often, in one query.
LOOK_SECONDS = 2.0

Hear = Callable[[str], None]
Keys = Callable[[], Collection[str]]


class EndNews:
    """Hears for one process of tasks that end, from one connection; begins with the first who waits."""

    def __init__(self) -> None:
        self._listener = Listener(EVENT)
        self._is_stopped = threading.Event()

    def follow(self, hear: Hear, keys: Keys) -> None:
        """Tell of each end; `keys` says for which it is waited."""

        def take(news: str) -> None:
            kind, _, task_id = news.partition(" ")
            if kind in ENDS:
                hear(task_id)

        self._listener.add(take)
        looking = threading.Thread(target=self._look, args=(hear, keys), daemon=True)
        looking.start()

    def _look(self, hear: Hear, keys: Keys) -> None:
        while not self._is_stopped.wait(LOOK_SECONDS):
            if not (waited := keys()):
                continue
            try:
                for task_id in find_ended(waited):
                    hear(task_id)
            except Error:
                # The listener says that the database is away; whoever waits is answered when time is up.
                continue
            finally:
                release_connection()


def read_wait(request: Request) -> int | None:
    """Return for how many seconds the caller would wait, or None; refuse what is no such number."""
    for preference in request.headers.get("Prefer", "").split(","):
        if not (found := WAIT.fullmatch(preference.partition(";")[0].strip())):
            continue
        text = found[1].strip('"')
        if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= LONGEST_SECONDS):
            message = gettext_noop("“wait” takes whole seconds from 1 to %(most)s.")
            raise refuse_field("Prefer", "invalid", message, most=LONGEST_SECONDS)
        return int(text)
    return None


def begin(request: Request, task_id: uuid.UUID, seconds: int | None) -> None:
    """Have this task's end heard from now on, before anybody looks whether it has ended."""
    environ = request.META
    offer: Offer | None = environ.get(OFFER)
    if seconds and offer and (ticket := offer.watch(Wait(str(task_id), seconds))):
        environ[ASKED] = ticket


def find_waited(request: Request) -> Wait | None:
    """Return what was waited for, when that is over and the view is called once more."""
    found: Wait | None = request.META.get(DONE)
    return found


def settle(request: Request, response: Response, *, state: str, seconds: int | None) -> Response:
    """Say that the preference was followed; a task that has ended need not be waited for."""
    if state not in TASK_LIVE:
        if ticket := request.META.pop(ASKED, None):
            request.META[OFFER].drop(ticket)
        is_applied = True
    else:
        is_applied = bool({ASKED, DONE} & request.META.keys())
    if seconds and is_applied:
        response["Preference-Applied"] = f"wait={seconds}"
    return response
