"""Signing in: wrong tries are counted by account and address, and what goes beyond is refused before a hash is made.

Strangers cannot lock anybody out for long: an account is bound for one address, and as a whole only for browsers that
never signed in to it (OWASP's device cookies).
"""

import logging
import secrets
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext
from limits import RateLimitItem
from unfold.forms import AuthenticationForm

from genhub.lib import throttle
from genhub.lib.addresses import network_of
from genhub.lib.requestlog import client_ip
from genhub.users.models import User

logger = logging.getLogger(__name__)

COOKIE, SALT = "genhub_known", "genhub.known"
COOKIE_SECONDS = 90 * 24 * 3600
# An address may stand for an office, and an account may be tried from many: they bear more.
ADDRESS_TIMES, ACCOUNT_TIMES = 10, 20
# A hash takes all of a core for a second: more at once would leave none to the hub.
HASHING = threading.BoundedSemaphore(2)
BUSY_SECONDS, PATIENCE_SECONDS = 2, 5


@dataclass
class Try:
    """One try to sign in: as which account, from where, and what it is counted by."""

    account: str
    address: str
    device: str
    counted: list[tuple[RateLimitItem, tuple[str, ...]]] = field(default_factory=list)

    def count(self) -> int:
        """Count it; return 0, or the seconds until a try will be looked at again."""
        for limit, who in self.list_limits():
            if seconds := throttle.count(limit, *who):
                self.give_back()
                return seconds
            self.counted.append((limit, who))
        return 0

    def list_limits(self) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
        """Return what bounds it, the narrowest first; a browser that signed in before is bound by itself alone."""
        tries, window = settings.LOGIN_TRIES, settings.LOGIN_WINDOW_SECONDS
        one = throttle.per(window, tries, "sign-in")
        unlocked = throttle.read(unlocks(), self.account)
        epoch = str(unlocked)
        if self.device:
            return [(one, (self.account, epoch, f"device {self.device}"))]
        every = throttle.per(window, tries * ACCOUNT_TIMES, "sign-in-account")
        limits: list[tuple[RateLimitItem, tuple[str, ...]]] = [
            (one, (self.account, epoch, self.address))
        ]
        # Who was just unlocked is let in from an office whose other accounts were tried too often, too.
        if self.address and not unlocked:
            anyone = throttle.per(window, tries * ADDRESS_TIMES, "sign-in-address")
            limits.append((anyone, (self.address,)))
        return [*limits, (every, (self.account, epoch))]

    def give_back(self) -> None:
        """Take it back from what it was counted by."""
        for limit, who in self.counted:
            throttle.give_back(limit, *who)
        self.counted = []

    def succeed(self) -> None:
        """Forget the wrong tries of this account from here; elsewhere only this one, which was right."""
        limit, who = self.counted.pop(0)
        throttle.forget(limit, *who)
        self.give_back()


def unlocks() -> RateLimitItem:
    """Return what counts how often an account was unlocked: tries are counted anew after each."""
    return throttle.per(settings.LOGIN_WINDOW_SECONDS, 2**31, "sign-in-unlocks")


def name_account(username: str) -> str:
    """Return what stands for an account: names that look alike count together, and none is kept as it was typed."""
    folded = unicodedata.normalize("NFKC", username).casefold().strip()
    return sha256(folded.encode(errors="replace")).hexdigest()[:32]


def unlock(username: str) -> None:
    """Let an account be tried again at once, from everywhere."""
    throttle.count(unlocks(), name_account(username))


def begin_try(request: HttpRequest | None, username: str) -> Try:
    """Return a try to sign in."""
    account = name_account(username)
    if request is None:
        return Try(account, "", "")
    return Try(account, network_of(client_ip(request)), find_device(request, account))


def find_device(request: HttpRequest, account: str) -> str:
    """Return the name of a browser that signed in to this account before; an empty string for any other."""
    try:
        known = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=COOKIE_SECONDS)
    except signing.BadSignature:
        return ""
    return str(known["device"]) if known["account"] == account else ""


class ThrottledBackend(ModelBackend):
    """Django's own check of a password, for tries that are within the limits."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Return the user of a right password; raise PermissionDenied for a try beyond the limits."""
        username = kwargs.get(User.USERNAME_FIELD) if username is None else username
        if username is None or password is None:
            return None
        attempt = begin_try(request, username)
        if seconds := attempt.count():
            self.refuse(request, username, seconds)
        # Who is known may wait for a turn; strangers would hold all threads by it.
        if not HASHING.acquire(timeout=PATIENCE_SECONDS if attempt.device else 0):
            attempt.give_back()
            self.refuse(request, username, BUSY_SECONDS)
        try:
            user = super().authenticate(request, username=username, password=password, **kwargs)
        finally:
            HASHING.release()
        if user is None:
            logger.warning("wrong sign-in as %r from %s", username[:150], address_of(request))
            return None
        attempt.succeed()
        if request is not None and not attempt.device:
            request.new_device = attempt.account  # type: ignore[attr-defined]
        return user

    def get_user(self, user_id: int) -> User | None:
        """Return who a session is of, with what is asked of each session's user: no second query for it."""
        user = User.objects.select_related("second_step").filter(pk=user_id).first()
        return user if self.user_can_authenticate(user) else None

    async def aauthenticate(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: Django's own would hash without asking."""
        raise NotImplementedError

    def refuse(self, request: HttpRequest | None, username: str, seconds: int) -> None:
        """Log a try that is not looked at, remember it for the page, and stop."""
        logger.warning(
            "sign-in as %r from %s refused for %s s", username[:150], address_of(request), seconds
        )
        if request is not None:
            request.sign_in_wait = seconds  # type: ignore[attr-defined]
        raise PermissionDenied


def address_of(request: HttpRequest | None) -> str:
    """Return where a try came from, for the log."""
    return (request and client_ip(request)) or "–"


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """The form of the first page; it says when a try will be looked at again, and names the other way in."""

    @property
    def single_sign_on(self) -> str:
        """Return what single sign-on is called; empty where there is none."""
        return settings.OIDC_NAME if settings.OIDC_ISSUER else ""

    def get_invalid_login_error(self) -> ValidationError:
        """Return what is wrong: the words, or that there were too many."""
        seconds = getattr(self.request, "sign_in_wait", 0)
        if not seconds:
            error: ValidationError = super().get_invalid_login_error()
            return error
        return ValidationError(word_wait(seconds), code="too_many_tries")


def word_wait(seconds: int) -> str:
    """Return how long to wait, and who can help."""
    if seconds <= BUSY_SECONDS:
        return gettext("Too many people sign in at this moment. Try again in a few seconds.")
    minutes = -(-seconds // 60)
    text = ngettext(
        "Too many wrong tries: this one was not looked at. Try again in %(minutes)s minute, or ask a superuser to "
        "unlock the account.",
        "Too many wrong tries: this one was not looked at. Try again in %(minutes)s minutes, or ask a superuser to "
        "unlock the account.",
        minutes,
    )
    return text % {"minutes": minutes}


class SignInMiddleware:
    """Answer refused tries with 429, and remember the browser of a right one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        response = self.get_response(request)
        if seconds := getattr(request, "sign_in_wait", 0):
            response.status_code = 429
            response["Retry-After"] = str(seconds)
        if (account := getattr(request, "new_device", "")) and request.user.is_authenticated:
            response.set_cookie(
                COOKIE,
                signing.dumps({"account": account, "device": secrets.token_hex(8)}, salt=SALT),
                max_age=COOKIE_SECONDS,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response
