"""Valkey or Redis behind sentinels: they say which server is the master now, and make another one when it dies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from redis.sentinel import Sentinel, SentinelConnectionPool

SCHEME = "sentinel"
USUAL_PORT = 26_379


@dataclass(frozen=True)
class Watched:
    """What a URL such as `sentinel://:password@one:26379/0;sentinel://two:26379/0` says: where the sentinels are, and
    how their master is spoken to."""

    sentinels: tuple[tuple[str, int], ...]
    username: str | None
    password: str | None
    db: int


def read(url: str) -> Watched:
    """Return what a URL says; raise ValueError for one that names no sentinel."""
    parts = [urlsplit(one.strip()) for one in url.split(";") if one.strip()]
    hosts = tuple((one.hostname or "", one.port or USUAL_PORT) for one in parts)
    if (
        not hosts
        or any(one.scheme != SCHEME for one in parts)
        or not all(host for host, _ in hosts)
    ):
        raise ValueError("each of its parts must be sentinel://host:26379/0")
    first = parts[0]
    return Watched(
        hosts,
        unquote(first.username) if first.username else None,
        unquote(first.password) if first.password else None,
        int(first.path.strip("/") or 0),
    )


def options_of(url: str, master: str, password: str) -> dict[str, Any]:
    """Return what Celery's transport is told besides; nothing where no sentinel is named."""
    if not url.startswith(f"{SCHEME}://"):
        return {}
    own = {"socket_timeout": 3, "socket_connect_timeout": 3}
    return {
        "master_name": master,
        "sentinel_kwargs": {**own, **({"password": password} if password else {})},
    }


def pool_of(url: str, options: Mapping[str, Any], **words: Any) -> SentinelConnectionPool:
    """Return a pool of connections to whoever is the master, as the options of `options_of` name it; `words` are those
    of each connection, to sentinels too."""
    found = read(url)
    sentinel = Sentinel(found.sentinels, sentinel_kwargs={**options["sentinel_kwargs"], **words})  # type: ignore[no-untyped-call]
    return SentinelConnectionPool(  # type: ignore[no-untyped-call]
        options["master_name"],
        sentinel,
        username=found.username,
        password=found.password,
        db=found.db,
        **words,
    )
