"""A stand-in."""

import httpx2


def make_client(
    *,
    private_hosts: frozenset[str] = frozenset(),
    timeout: httpx2.Timeout,
    limits: httpx2.Limits,
    http2: bool = False,
) -> httpx2.Client:
    return httpx2.Client(
        timeout=timeout, limits=limits, http2=http2, trust_env=False, follow_redirects=False
    )
