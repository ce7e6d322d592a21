"""A stand-in."""

import contextlib
import io

import httpx2


class FetchRefused(Exception): ...


class Fetched:
    def __init__(self, f):
        self.file = f


@contextlib.contextmanager
def fetch(url, *, most_bytes, private_hosts=frozenset()):
    yield Fetched(io.BytesIO(httpx2.get(url).content))
