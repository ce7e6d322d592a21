"""What the provider of single sign-on says. The operator named its address, so it may be inside; what it names itself
must be on the public internet, or at the same host."""

import json
import threading
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import jwt
from cachetools import TTLCache, cached
from django.conf import settings

from genhub.lib.fetch import FetchRefused
from genhub.lib.posting import Reply, check_target, get, post

SECONDS: Final = 10
MOST_BYTES: Final = 262_144
# Signatures with a public key alone: never "none", and never the client's secret as a key.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")  # fmt: skip
ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# Clocks differ.
LEEWAY_SECONDS: Final = 60
DISCOVERY_SECONDS: Final = 600
DISCOVERED: TTLCache[Any, dict[str, str]] = TTLCache(4, DISCOVERY_SECONDS)


class ProviderFailed(Exception):
    """The provider does not answer, or not as one; the words are for the log."""


class TokenRefused(Exception):
    """What came back proves nothing; the words are for the log."""


def discover() -> dict[str, str]:
    """Return where the provider's doors are; raise ProviderFailed."""
    return read_doors(settings.OIDC_ISSUER)


@cached(DISCOVERED, lock=threading.Lock())
def read_doors(issuer: str) -> dict[str, str]:
    """Return where an issuer's doors are, as it said within the last minutes."""
    said = ask(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if said.get("issuer") != issuer:
        raise ProviderFailed(f"OIDC_ISSUER is {issuer}, but it calls itself {said.get('issuer')!r}")
    doors = {name: said.get(name) for name in ENDPOINTS}
    for name, url in doors.items():
        try:
            check_target(url if isinstance(url, str) else "", hosts())
        except FetchRefused as error:
            raise ProviderFailed(f"its {name}: {error}") from error
    return {name: str(url) for name, url in doors.items()}


def hosts() -> list[str]:
    """Return the one host that may be inside."""
    return [urlsplit(settings.OIDC_ISSUER).netloc.lower()]


def ask(url: str) -> dict[str, Any]:
    """Return the JSON object at an address of the provider's; raise ProviderFailed."""
    try:
        reply = get(url, seconds=SECONDS, most_bytes=MOST_BYTES, private_hosts=hosts())
    except FetchRefused as error:
        raise ProviderFailed(str(error)) from error
    return read(url, reply)


def trade(words: dict[str, str]) -> dict[str, Any]:
    """Return what the provider gives for a code; raise ProviderFailed."""
    url = discover()["token_endpoint"]
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    try:
        reply = post(
            url, urlencode(words).encode(), headers,
            seconds=SECONDS, most_bytes=MOST_BYTES, private_hosts=hosts(),
        )  # fmt: skip
    except FetchRefused as error:
        raise ProviderFailed(str(error)) from error
    return read(url, reply)


def read(url: str, reply: Reply) -> dict[str, Any]:
    """Return the JSON object of an answer; raise ProviderFailed for any other, never with its body."""
    if reply.status != 200:  # noqa: PLR2004
        raise ProviderFailed(f"{url} answered {reply.status}")
    try:
        said = json.loads(reply.body)
    except (ValueError, RecursionError) as error:
        raise ProviderFailed(f"{url} answered no JSON") from error
    if not isinstance(said, dict):
        raise ProviderFailed(f"{url} answered no JSON object")
    return said


def verify(token: Any, nonce: str) -> dict[str, Any]:
    """Return the claims of an ID token that this provider signed, for this hub, now, and for this very sign-in; raise
    TokenRefused, or ProviderFailed where its keys cannot be had."""
    if not isinstance(token, str):
        raise TokenRefused("there is no ID token")
    key = find_key(token)
    try:
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=list(ALGORITHMS), audience=settings.OIDC_CLIENT_ID,
            issuer=settings.OIDC_ISSUER, leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )  # fmt: skip
    except jwt.PyJWTError as error:
        raise TokenRefused(str(error)) from error
    if not nonce or claims.get("nonce") != nonce:
        raise TokenRefused("it is not of this sign-in: another nonce")
    others = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if others else settings.OIDC_CLIENT_ID) != settings.OIDC_CLIENT_ID:
        raise TokenRefused("it was made out to another party (azp)")
    return claims


def find_key(token: str) -> jwt.PyJWK:
    """Return the provider's key that a token says it is signed with; raise TokenRefused, ProviderFailed."""
    try:
        head = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise TokenRefused(f"its head cannot be read: {error}") from error
    if head.get("alg") not in ALGORITHMS:
        raise TokenRefused(f"it is signed by {head.get('alg')!r}")
    said = ask(discover()["jwks_uri"])
    keys = said.get("keys")
    fitting = [
        key
        for key in (keys if isinstance(keys, list) else [])
        if isinstance(key, dict)
        and key.get("kid") == head.get("kid")
        and key.get("use", "sig") == "sig"
        and key.get("alg", head["alg"]) == head["alg"]
    ]
    if len(fitting) != 1:
        raise TokenRefused(f"{len(fitting)} of the provider's keys fit")
    try:
        return jwt.PyJWK(fitting[0], algorithm=head["alg"])
    except jwt.PyJWTError as error:
        raise TokenRefused(f"the provider's key cannot be read: {error}") from error
