"""Who is calling: `Authorization: Bearer <key or token>` becomes a Caller, and a view's scopes decide what it may."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import translation
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from genhub.lib import throttle
from genhub.lib.addresses import is_within, network_of
from genhub.lib.errors import FieldError, InvalidRequest, Problem, gettext_noop
from genhub.lib.requestlog import client_ip
from genhub.platforms import rates
from genhub.platforms.browser_tokens import cors, tokens
from genhub.platforms.browser_tokens.errors import OriginNotAllowed, TokenInvalid, TokenNotEnough
from genhub.platforms.browser_tokens.models import BrowserToken
from genhub.platforms.models import ApiKey, Platform

if TYPE_CHECKING:
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)

LONGEST_USER = 200


class KeyMissing(Problem):
    """No key came with the request."""

    code = "key_missing"
    status = 401
    title = gettext_noop("An API key is needed")
    detail = gettext_noop("Send it as “Authorization: Bearer <key>”.")


class KeyInvalid(Problem):
    """The key is unknown, revoked or expired."""

    code = "key_invalid"
    status = 401
    title = gettext_noop("The API key is not valid")
    detail = gettext_noop("It is unknown, revoked or expired. Ask the hub's staff for a new one.")


class ScopeMissing(Problem):
    """The key may not do this."""

    code = "scope_missing"
    status = 403
    title = gettext_noop("The API key may not do this")
    detail = gettext_noop("The scope “%(scope)s” is needed.")


class WrongUser(Problem):
    """A key made for one user spoke for another."""

    code = "wrong_user"
    status = 403
    title = gettext_noop("The API key belongs to another user")
    detail = gettext_noop(
        "This key speaks for one user only; leave “user” out, or use a platform's key."
    )


class AddressNotAllowed(Problem):
    """A right key came from an address that is not on its list."""

    code = "address_not_allowed"
    status = 403
    title = gettext_noop("The API key may not be used from here")
    detail = gettext_noop(
        "It works from listed addresses only, and %(address)s is none of them. Nothing was created or charged; ask the hub's staff to list it."
    )


class WrongKeys(Problem):
    """An address sent wrong keys over and over; a right one is taken all the same."""

    code = "too_many_wrong_keys"
    status = 429
    title = gettext_noop("Too many wrong API keys")
    detail = gettext_noop(
        "This address sent too many wrong keys. Send a valid one, or wait %(seconds)s seconds."
    )


@dataclass(frozen=True)
class Caller:
    """The platform that calls, and the end user its key is bound to (None: the key speaks for all of them); `token`
    when the key's stand-in calls from a browser."""

    platform: Platform
    key: ApiKey
    user: str | None
    token: BrowserToken | None = None
    is_authenticated: bool = True

    @property
    def scopes(self) -> frozenset[str]:
        """Return what the caller may do; a token never more than its key."""
        if self.token is None:
            return frozenset(self.key.scopes)
        return frozenset(self.token.scopes).intersection(self.key.scopes, tokens.FOR_TOKENS)

    @property
    def local_only(self) -> bool:
        """Return whether what the caller sends stays in the house, by its platform or its key."""
        return self.platform.local_only or self.key.local_only

    def user_for_write(self, named: str | None) -> str:
        """Return whose purse pays: the key's user, or the named one; raise when none, or another, was named."""
        user = self.user_for_read(named)
        if user is None:
            message = gettext_noop("A platform's key must say for which user it acts.")
            raise InvalidRequest(errors=[FieldError("user", "required", message)])
        return user

    def user_for_read(self, named: str | None) -> str | None:
        """Return whose rows to show; None means all users of the platform; refuse a name that nobody can have."""
        if named is not None and (not named.strip() or "\0" in named or len(named) > LONGEST_USER):
            # A blank name is a mistake of the app: taken for “nobody named” it would show everybody's rows.
            message = gettext_noop("A user's name has 1 to %(most)s characters.")
            raise InvalidRequest(
                errors=[FieldError("user", "invalid", message, {"most": LONGEST_USER})]
            )
        if self.user is not None and named not in {None, self.user}:
            raise WrongUser
        return self.user if self.user is not None else named


def caller_of(request: Request) -> Caller:
    """Return who is calling; every view with our authentication has a caller."""
    if not isinstance(request.user, Caller):
        raise KeyMissing
    return request.user


class BearerKeyAuthentication(BaseAuthentication):
    """Authenticate by `Authorization: Bearer <key>`."""

    def authenticate(self, request: Request) -> tuple[Caller, ApiKey]:
        """Return the caller, or raise KeyMissing, KeyInvalid or TokenInvalid (all 401)."""
        # Pages may read what is said to a token of theirs, and nothing else.
        cors.allow(request, ())
        secret = self.read_secret(request)
        if secret.startswith(tokens.START):
            return self.authenticate_token(request, secret)
        row = ApiKey.objects.find(secret)
        if row is None:
            self.count_wrong(request)
            raise KeyInvalid(headers=self.challenge(request))
        if "Accept-Language" not in request.headers:
            translation.activate(row.platform.language)
        # Before it counts: who is refused for his address takes nothing of what the key's holder may do.
        check_address(request, row)
        rates.count(request, row)
        row.note_use()
        return Caller(platform=row.platform, key=row, user=row.user or None), row

    def read_secret(self, request: Request) -> str:
        """Return the key or token that came along, or raise KeyMissing."""
        kind, _, key = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not key.strip():
            raise KeyMissing(headers=self.challenge(request))
        return key.strip()

    def authenticate_token(self, request: Request, secret: str) -> tuple[Caller, ApiKey]:
        """Return the caller that a browser's token stands for, or raise TokenInvalid or OriginNotAllowed.

        Without an Origin it is taken: browsers send none for reads of the hub's own pages, and whoever is no browser
        writes there what they like, so that to insist on one would keep nobody out.
        """
        token = tokens.find(secret)
        if token is None:
            self.count_wrong(request)
            raise TokenInvalid(headers=self.challenge(request))
        # Of one that is over, too: the page is to learn that it needs another.
        cors.allow(request, token.origins)
        key = token.key
        if "Accept-Language" not in request.headers:
            translation.activate(key.platform.language)
        if not token.is_alive:  # type: ignore[attr-defined]  # found with it
            raise TokenInvalid(headers=self.challenge(request))
        if request.headers.get("Origin", token.origins[0]) not in token.origins:
            raise OriginNotAllowed
        # Browsers come from anywhere, and one user's takes nothing of what the app itself may do.
        rates.count(request, key, bearer=token.pk)
        tokens.note_use(token)
        return Caller(platform=key.platform, key=key, user=token.user, token=token), key

    def count_wrong(self, request: Request) -> None:
        """Count a wrong key; raise WrongKeys when its address sent too many.

        Right keys are never counted or refused: behind one address there may be many apps.
        """
        address = network_of(address_of(request))
        if not address or not settings.WRONG_KEYS_PER_MINUTE:
            return
        limit = throttle.per(60, settings.WRONG_KEYS_PER_MINUTE, "wrong-keys")
        if seconds := throttle.count(limit, address):
            raise WrongKeys(seconds=seconds, headers={"Retry-After": str(seconds)})

    def challenge(self, request: Request) -> dict[str, str]:
        """Return the header that goes with a 401."""
        return {"WWW-Authenticate": self.authenticate_header(request)}

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge that goes with a 401."""
        return 'Bearer realm="genhub"'


def address_of(request: Request) -> str:
    """Return from where a request comes."""
    return client_ip(request._request)  # noqa: SLF001 (DRF has no other door)


def check_address(request: Request, key: ApiKey) -> None:
    """Raise AddressNotAllowed for a key that is bound to other networks."""
    if key.networks and not is_within(address := address_of(request), key.networks):
        logger.warning("the key %s… was used from %s, which is not allowed", key.prefix, address)
        raise AddressNotAllowed(address=address or "?")


class HasScope(BasePermission):
    """Let a caller through who has the scope that the view names for this method in `scopes`."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return True, or raise ScopeMissing naming the scope; what any key may write, no token may."""
        scopes: dict[str, Any] = getattr(view, "scopes", {})
        # DRF answers HEAD by the view's GET.
        method = "GET" if request.method == "HEAD" else request.method
        scope = scopes.get(method or "")
        caller = caller_of(request)
        if scope and scope not in caller.scopes:
            raise ScopeMissing(scope=str(scope))
        is_write = method not in SAFE_METHODS and hasattr(view, str(method).lower())
        is_of_key = getattr(view, "is_of_key", False)
        if caller.token and (is_of_key or (is_write and not scope)):
            raise TokenNotEnough
        return True
