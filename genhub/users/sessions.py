"""Which sessions a member of staff has: Django's own, whose table knows no users, with a small row beside each.

Whose session is deleted is nobody at the next request: nothing more is asked for that. The row is written by the first
answer to a session and follows it when its key changes, so that none goes without, whatever signed it in.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

from genhub.lib.requestlog import client_ip
from genhub.users.models import StaffSession, User
from genhub.users.second_step import TAKEN, step_of

# In the session: the key under which its row knows it.
NOTED = "noted_as"
LONGEST_ADDRESS, LONGEST_BROWSER = 100, 300
# RFC 9110, 9.2.1.
SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}


@dataclass(frozen=True)
class Living:
    """A session of a member of staff that is good now."""

    row: StaffSession
    ends_at: datetime
    # False: the password was told, but not the code that is asked for.
    has_passed: bool
    is_this: bool


class SessionsMiddleware:
    """Keep the rows of sessions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, and note what became of its session."""
        session, before = request.session, request.session.session_key
        response = self.get_response(request)
        # What nobody looked at is as it was: the API reads no cookie. What another site may have made a browser send
        # writes nothing, unless it was let in.
        is_other = session.session_key != before
        if session.accessed and (is_other or request.method in SAFE_METHODS):
            note(request, before)
        return response


def note(request: HttpRequest, before: str | None) -> None:
    """Write a row for a session that has none, and let it follow one whose key changed."""
    session, key = request.session, request.session.session_key
    user_id = session.get(SESSION_KEY)
    if before and before != key and not (user_id and session.get(NOTED) == before):
        StaffSession.objects.filter(session_key=before).delete()
    if not user_id or not key or session.get(NOTED) == key:
        return
    known = StaffSession.objects.filter(session_key=session.get(NOTED), user_id=user_id)
    if NOTED not in session or not known.update(session_key=key):
        row = StaffSession(
            user_id=int(user_id),
            session_key=key,
            address=client_ip(request)[:LONGEST_ADDRESS],
            browser=request.headers.get("User-Agent", "").replace("\0", "")[:LONGEST_BROWSER],
        )
        # Two requests of one page may be the first.
        StaffSession.objects.bulk_create([row], ignore_conflicts=True)
    session[NOTED] = key


def list_living(user: User, this_key: str | None = None) -> list[Living]:
    """Return a person's sessions that are good now, the newest first; one that a changed password ended is not."""
    rows = {row.session_key: row for row in user.staff_sessions.order_by("-begun_at", "-pk")}
    kept = Session.objects.filter(session_key__in=rows, expire_date__gt=Now()).in_bulk()
    step, right = step_of(user), user.get_session_auth_hash()
    found = []
    for key, row in rows.items():
        words = kept[key].get_decoded() if key in kept else {}
        if words.get(SESSION_KEY) != str(user.pk):
            continue
        if not constant_time_compare(words.get(HASH_SESSION_KEY, ""), right):
            continue
        has_passed = step is None or words.get(TAKEN) == step.pk
        found.append(Living(row, kept[key].expire_date, has_passed, key == this_key))
    return found


def end(rows: Iterable[StaffSession]) -> int:
    """End sessions; each is nobody's at its next request. Return how many there were."""
    keys = [row.session_key for row in rows]
    with transaction.atomic():
        count, _rows = Session.objects.filter(session_key__in=keys).delete()
        StaffSession.objects.filter(session_key__in=keys).delete()
    return count


def end_all(user: User) -> int:
    """End all sessions of a person, and return how many there were."""
    return end(user.staff_sessions.all())
