"""Each replaceable part, read from the environment; half a part is an error that names it."""

import os
import warnings
import zoneinfo
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import environ
from django.core.exceptions import ImproperlyConfigured

from genhub.lib import sentinels
from genhub.lib.places import is_hub_id, is_revision, is_whole_path
from genhub.settings.addresses import (
    HUB,
    blame_service_link,
    read_allowed_host,
    read_flag,
    read_host,
    read_number,
    read_origin,
    read_private_host,
    refuse,
)


class NamingEnv(environ.Env):  # type: ignore[misc]  # environ has no types
    """Reads the environment; what cannot be read is named."""

    def get_value(self, var: str, *args: Any, **options: Any) -> Any:
        """Return a variable's value as its type."""
        try:
            return super().get_value(var, *args, **options)
        except ValueError as error:
            raise ImproperlyConfigured(f"{var} cannot be read: {error}") from error

    def bool(self, var: str, default: bool = False) -> bool:  # noqa: FBT002
        """Return yes or no; environ takes every typo for no."""
        text = first(var)
        return read_flag(var, text) if text else default


env = NamingEnv()

LINK_SECONDS = 300
LARGEST_PRICE_USD = 10_000
LARGEST_NUMBER = 10**9
LARGEST_FACTOR = 1000


def first(*names: str, default: str = "") -> str:
    """Return the first of the named variables that is set and not empty."""
    return next((value for name in names if (value := env.str(name, default=""))), default)


def one_of(name: str, default: str, *others: str) -> str:
    """Return a variable that has a few known values; raise naming them for any other."""
    value = first(name, default=default)
    if value not in {default, *others}:
        raise ImproperlyConfigured(
            f"{name} must be one of {', '.join((default, *others))}, not {value!r}"
        )
    return value


def time_zone(name: str, default: str) -> str:
    """Return a variable that names an IANA time zone."""
    value = first(name, default=default)
    if value not in zoneinfo.available_timezones():
        raise ImproperlyConfigured(
            f"{name} must be an IANA time zone, such as Asia/Shanghai, not {value!r}"
        )
    return value


def at_least(name: str, default: int, least: int, most: int = LARGEST_NUMBER) -> int:
    """Return a whole number of the environment; raise naming it when it is outside of what makes sense."""
    text = first(name)
    value = read_number(name, text, default) if text else default
    if not least <= value <= most:
        bounds = f"at least {least}" if value < least else f"at most {most}"
        raise ImproperlyConfigured(f"{name} must be {bounds}, not {value}")
    return value


def factor(name: str, default: str) -> Decimal:
    """Return a multiplier of the environment: a decimal number from 1 to LARGEST_FACTOR."""
    text = first(name, default=default)
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise ImproperlyConfigured(f"{name} cannot be read: {text!r} is no number") from error
    if not value.is_finite() or not 1 <= value <= LARGEST_FACTOR:
        raise ImproperlyConfigured(
            f"{name} must be a number from 1 to {LARGEST_FACTOR}, not {text}"
        )
    return value


def price_usd(name: str) -> float | None:
    """Return a price in US dollars, or None where none is set: not known, which is not 0."""
    text = first(name)
    try:
        value = float(text) if text else None
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} cannot be read: {text!r} is no price") from error
    if value is not None and not 0 <= value < LARGEST_PRICE_USD:
        raise ImproperlyConfigured(f"{name} must be from 0 to {LARGEST_PRICE_USD}, not {text}")
    return value


def model_place(folder: str, pin: str) -> tuple[str, str]:
    """Return where a model lies (a folder or hub id) and the hub id's revision, of two variables; empty: nowhere.

    A folder is made whole, since processes start in different ones; a hub id must be pinned.
    """
    place, revision = first(folder), first(pin)
    if revision and not is_revision(revision):
        raise ImproperlyConfigured(f"{pin} must be 40 digits from 0 to f, not {revision!r}")
    if Path(place).is_dir() or not place:
        return str(Path(place).absolute()) if place else "", ""
    if is_hub_id(place):
        if not revision:
            raise ImproperlyConfigured(f"{folder} is no folder here; a hub id needs {pin}, too")
        return place, revision
    if not is_whole_path(place):
        raise ImproperlyConfigured(f"{folder} is no folder here and no hub id: {place!r}")
    return place, ""


def weights_files(name: str) -> list[str]:
    """Return the whole paths of a variable that holds several, parted as in PATH."""
    paths = filter(None, first(name).split(os.pathsep))
    return [str(Path(path).absolute()) for path in paths]


def required(name: str) -> str:
    """Return a variable that has no default, or raise naming it."""
    value = first(name)
    if not value:
        raise ImproperlyConfigured(f"{name} is not set; this settings module has no default for it")
    return value


def database(url: str) -> dict[str, Any]:
    """Return Django's database entry for a postgres:// URL, with a connection pool."""
    entry = read_database("DATABASE_URL", url)
    # A pooler between gives each transaction another connection: no cursor outlives one.
    return pooled(entry | {"DISABLE_SERVER_SIDE_CURSORS": is_behind_pooler()})


def read_database(name: str, url: str) -> dict[str, Any]:
    """Return Django's database entry for the postgres:// URL of a variable."""
    try:
        with warnings.catch_warnings(action="ignore"):
            entry: dict[str, Any] = environ.Env.db_url_config(url)
    except (ValueError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(f"{name} cannot be read: {error}") from error
    if entry.get("ENGINE") != "django.db.backends.postgresql" or not entry.get("NAME"):
        raise ImproperlyConfigured(
            f"{name} must look like postgres://user:password@host:5432/name (PostgreSQL >= 15)"
        )
    # The folder of a unix socket is written %2F… in a URL.
    return entry | {"HOST": unquote(entry["HOST"])}


def is_behind_pooler() -> bool:
    """Return whether DATABASE_URL leads to a pooler: then the database itself is named beside it."""
    return bool(first("DATABASE_DIRECT_URL"))


def direct_database() -> dict[str, Any]:
    """Return what differs in the entry of the database itself from that of its pooler; nothing without one."""
    url = first("DATABASE_DIRECT_URL")
    if not url:
        return {}
    if not first("DATABASE_URL"):
        raise ImproperlyConfigured("DATABASE_DIRECT_URL needs DATABASE_URL: the pooler before it")
    entry = read_database("DATABASE_DIRECT_URL", url)
    said = {name: entry[name] for name in ("HOST", "PORT", "USER", "PASSWORD", "NAME")}
    return {**said, "OPTIONS": entry.get("OPTIONS", {})}


def pooled(entry: dict[str, Any]) -> dict[str, Any]:
    """Add a connection pool of DATABASE_POOL_SIZE (default 10, the web's threads; 0: none)."""
    size = at_least("DATABASE_POOL_SIZE", 10, 0, 1000)
    if not size:
        return entry
    from genhub.lib.pooled import PooledConnection  # noqa: PLC0415 (a hub without a pool needs it not)

    pool = {"min_size": 1, "max_size": size, "timeout": 10, "connection_class": PooledConnection}
    # A connection that a database restart broke is found out before it is used. What `genhub.lib.planned` sends is
    # planned with its second run; behind a pooler that connection would be another one's by then.
    threshold = None if is_behind_pooler() else 1
    options = {**entry.get("OPTIONS", {}), "pool": pool, "prepare_threshold": threshold}
    return entry | {"OPTIONS": options, "CONN_HEALTH_CHECKS": True}


def broker_url() -> str:
    """Return the broker's URL, or an empty string when none is configured."""
    for name in ("CELERY_BROKER_URL", "REDIS_URL"):
        if url := first(name).strip():
            if "://" not in url or blame_service_link(name, url):
                raise refuse(name, url, "a broker's URL, such as redis://127.0.0.1:6379/0")
            return certified(watched(name, url))
    return ""


def watched(name: str, url: str) -> str:
    """Return a broker's URL; raise for one of sentinels that does not say where they are."""
    if url.startswith(f"{sentinels.SCHEME}://"):
        try:
            sentinels.read(url)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name} cannot be read: each of its parts must be as sentinel://:password@host:26379/0, with ; between"
            ) from error
    return url


def sentinel_options() -> dict[str, Any]:
    """Return what Celery is told besides of the sentinels of the broker's URL; nothing without any."""
    master, password = first("SENTINEL_MASTER", default="mymaster"), first("SENTINEL_PASSWORD")
    return sentinels.options_of(broker_url(), master, password)


def certified(url: str) -> str:
    """Return a rediss:// URL that says to look at the server's certificate: kombu alone would take any."""
    if not url.startswith("rediss://") or "ssl_cert_reqs=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}ssl_cert_reqs=required"


def counters_url(broker: str) -> str:
    """Return where all processes count rates and wrong tries: the broker; beside RabbitMQ the server of REDIS_URL."""
    beside = first("REDIS_URL").strip()
    return certified(beside) if beside and broker.startswith(("amqp", "pyamqp")) else broker


def origin(name: str, default: str = "", *, example: str = HUB) -> str:
    """Return an address of the environment: scheme, host and port."""
    text = first(name, default=default)
    return read_origin(name, text, example) if text else ""


def origins(name: str, default: str) -> list[str]:
    """Return the addresses of a variable that holds several, by commas."""
    return [read_origin(name, text) for text in first(name, default=default).split(",") if text]


def allowed_hosts() -> list[str]:
    """Return the host names that requests may carry."""
    found = first("ALLOWED_HOSTS").split(",")
    return [read_allowed_host("ALLOWED_HOSTS", text) for text in found if text.strip()]


def private_hosts(name: str) -> frozenset[str]:
    """Return the hosts of a variable that may be dialled though they are not public."""
    return frozenset(
        read_private_host(name, text) for text in first(name).split(",") if text.strip()
    )


def listening_host() -> str:
    """Return where `up` listens."""
    return read_host("GENHUB_HOST", first("GENHUB_HOST", default="127.0.0.1"))


def listening_port() -> int:
    """Return the port of the web server; Flower takes the one after it."""
    return at_least("GENHUB_PORT", 8000, 1, 65_534)
