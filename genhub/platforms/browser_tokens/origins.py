"""Origins as browsers send them (RFC 6454), and which of them the hub has tokens for."""

import ipaddress
import re
import threading
from urllib.parse import urlsplit

from cachetools import TTLCache
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop
from genhub.platforms.browser_tokens.models import LONGEST_ORIGIN, TokenOrigin
from genhub.platforms.browser_tokens.tokens import living

DEFAULT_PORTS = {"https": 443, "http": 80}
LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
HOST_NAME = re.compile(rf"{LABEL}(\.{LABEL})*")
NOT_ONE = gettext_noop(
    "An origin is “https://host” or “https://host:port”, exactly as browsers send it; http:// only for this machine."
)
# So long a look at the rows is good: preflights alone may see so late that the last token of an origin ended.
LOOK_SECONDS = 5.0
# So long an origin is one that this process has spoken to, for refusals that come before anybody looks at a token.
MEMORY_SECONDS = 3600.0
MOST_REMEMBERED = 10_000

_lock = threading.Lock()
_looked_up: TTLCache[str, bool] = TTLCache(MOST_REMEMBERED, LOOK_SECONDS)
_spoken_to: TTLCache[str, bool] = TTLCache(MOST_REMEMBERED, MEMORY_SECONDS)


def read_origins(texts: list[str]) -> list[str]:
    """Return origins as browsers send them, each once; raise InvalidRequest naming each that is none."""
    found = [read_origin(text) for text in texts]
    errors = [
        FieldError(f"origins.{place}", "invalid", NOT_ONE)
        for place, origin in enumerate(found)
        if not origin
    ]
    if errors:
        raise InvalidRequest(errors=errors)
    return list(dict.fromkeys(found))


def read_origin(text: str) -> str:
    """Return an origin as browsers send it, or nothing when the text is none that a token may name."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return ""
    scheme, host = parts.scheme, parts.hostname or ""
    if scheme not in DEFAULT_PORTS or (scheme == "http" and not is_this_machine(host)):
        return ""
    if not is_host(host) or len(text) > LONGEST_ORIGIN:
        return ""
    shown = f"[{host}]" if ":" in host else host
    plain = f"{scheme}://{shown}"
    named = {plain, f"{plain}:{port}"} if port is not None else {plain}
    if text.lower() not in named:
        # A path, a name, a query, a port that is empty or written otherwise.
        return ""
    return plain if port in {None, DEFAULT_PORTS[scheme]} else f"{plain}:{port}"


def is_host(host: str) -> bool:
    """Return whether this is a host name in ASCII, or an address as browsers write it."""
    if ":" not in host:
        return HOST_NAME.fullmatch(host) is not None
    try:
        return str(ipaddress.IPv6Address(host)) == host
    except ValueError:
        return False


def is_this_machine(host: str) -> bool:
    """Return whether pages of this host can only come from the browser's own machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def has_tokens(origin: str) -> bool:
    """Return whether any live token is for an origin."""
    with _lock:
        if origin in _looked_up:
            return True
    # The newest first: it lives, unless it was ended before its time.
    rows = TokenOrigin.objects.filter(origin=origin, expires_at__gt=Now())
    alive = rows.filter(Exists(living().filter(pk=OuterRef("token_id"))))
    if not alive.order_by("-expires_at").values_list("pk", flat=True)[:1]:
        # Not remembered: its first token may be minted in this moment.
        return False
    note(origin)
    with _lock:
        _looked_up[origin] = True
    return True


def note(origin: str) -> None:
    """Remember that a token of this origin was here."""
    with _lock:
        _spoken_to[origin] = True


def was_noted(origin: str) -> bool:
    """Return whether a token of this origin was here lately; asks nobody."""
    with _lock:
        return origin in _spoken_to


def forget() -> None:
    """Forget all that is remembered of origins in this process."""
    with _lock:
        _looked_up.clear()
        _spoken_to.clear()
