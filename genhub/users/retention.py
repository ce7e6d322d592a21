"""Sessions of staff go when they have run out: Django deletes none by itself."""

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from genhub.retention.rules import Rule
from genhub.users.models import StaffSession


def find_left() -> QuerySet[StaffSession]:
    """Return what is told of sessions that there are no more."""
    session = Session.objects.filter(session_key=OuterRef("session_key"))
    return StaffSession.objects.filter(~Exists(session))


RULES = (
    Rule(
        "sessions",
        _("Sessions of staff that have run out"),
        Session.objects.all,
        margin=timedelta(0),
        since="expire_date",
    ),
    Rule(
        "staff_sessions",
        _("Where sessions of staff came from that are over"),
        find_left,
        margin=timedelta(0),
        since="begun_at",
    ),
)
