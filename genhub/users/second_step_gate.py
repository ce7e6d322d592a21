"""Nobody passes who has a second step and has not taken it, or must have one and has none: such a session opens the
door where that is done, and nothing else; outside of the admin it counts as nobody's.
"""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from genhub.users import second_step

ADMIN: Final = "/admin/"
ASK, SET_UP = "admin:users_user_second_step", "admin:users_user_second_step_set_up"
# By these one leaves, or reads the door in another language.
OPEN: Final = ("admin:logout", "set_language")


class SecondStepMiddleware:
    """Lead to the second step whoever has to take it or set it up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, or lead to the door."""
        if not request.path_info.startswith(ADMIN):
            hide_user(request)
            return self.get_response(request)
        door = find_door(request.user, request.session)
        if door and request.path not in map(reverse, (door, *OPEN)):
            wanted = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{reverse(door)}?{wanted}")
        return self.get_response(request)


def hide_user(request: HttpRequest) -> None:
    """Let whoever has not passed be nobody. Only who asks for the user is looked up: the API reads no cookie."""
    user, session = request.user, request.session
    request.user = SimpleLazyObject(  # type: ignore[assignment]
        lambda: AnonymousUser() if find_door(user, session) else user
    )


def find_door(user: Any, session: SessionBase) -> str:
    """Return the name of the door where the second step is taken, or set up; empty for who may pass."""
    if not user.is_authenticated:
        return ""
    if step := second_step.step_of(user):
        return "" if second_step.is_taken(session, step) else ASK
    # A provider of single sign-on asks for its own.
    is_vouched_for = session.get(BACKEND_SESSION_KEY) != settings.AUTHENTICATION_BACKENDS[0]
    return SET_UP if settings.SECOND_STEP_REQUIRED and not is_vouched_for else ""
