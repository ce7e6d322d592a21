"""Secrets that are recognised wherever they turn up: a hub that has them all, and every place where one might sing."""

import base64
import re
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import redis
from cryptography.fernet import Fernet
from django.db import connection
from django.urls import reverse
from psycopg.sql import SQL, Identifier

from genhub.embedded.valkey import find_server
from tests.faults.processes import wait_until
from tests.patience import patience
from tests.ports import free_port
from tests.servers import database_url

# Sealed or hashed, each is kept; these tables hold what is meant to be found by whoever reads the database.
OPEN_TABLES = {"django_session", "users_staffsession"}
WHOLE = SQL("SELECT string_agg(t::text, chr(10)) FROM {} t")
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


def encryption_key() -> str:
    """Return a key of the hub's own that seals secrets."""
    return Fernet.generate_key().decode()


def webhook_secret() -> str:
    """Return what signs webhooks."""
    return "whsec_" + base64.b64encode(b"canary-of-alerts-0123456789abcdef").decode()


class Canaries:
    """The secrets by name, each in the forms in which one would know it again."""

    def __init__(self, **planted: str) -> None:
        self.forms: dict[str, set[bytes]] = {}
        for name, secret in planted.items():
            self.plant(name, secret)

    def plant(self, name: str, secret: str) -> None:
        """Add one; of what begins with a public part only the secret one counts."""
        secret = secret.partition(".")[2] or secret
        raw = secret.encode()
        assert len(raw) >= 12, "too short to be told from a word"
        inner = secret.removeprefix("whsec_")
        forms = {raw, quote(secret, safe="").encode(), inner.encode()}
        # Base64 of it alone, and behind a name as in Basic; the last characters hang on what follows.
        forms |= {base64.b64encode(raw)[:-4], base64.b64encode(b"genhub:" + raw)[12:-4]}
        self.forms[name] = forms

    def found_in(self, text: bytes) -> set[str]:
        """Return the names of those that stand there."""
        return {name for name, forms in self.forms.items() if any(form in text for form in forms)}

    def sing(self, places: Iterable[tuple[str, bytes]]) -> dict[str, set[str]]:
        """Return the places where any of them stands, and which."""
        found = {place: self.found_in(text) for place, text in places}
        return {place: names for place, names in found.items() if names}


class Ears:
    """Hears every command that a Valkey is sent; it hides what signs a connection in itself."""

    def __init__(self, client: "redis.Redis") -> None:
        self.heard: list[bytes] = []
        self._monitor = client.monitor()  # type: ignore[no-untyped-call]
        self._monitor.__enter__()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        try:
            for said in self._monitor.listen():
                self.heard.append(said["command"].encode("utf-8", "surrogateescape"))
        except (redis.RedisError, OSError, ValueError):
            # It is over.
            return


@contextmanager
def locked_valkey(folder: Path, password: str) -> Iterator[tuple[str, "redis.Redis", Any]]:
    """Run a Valkey that asks for a password; yield its address, a client and the process."""
    port = free_port()
    options = ("--port", str(port), "--requirepass", password, "--save", "", "--dir", str(folder))
    with (folder / "valkey.log").open("wb") as log:
        process = subprocess.Popen([find_server(), *options], stdout=log, stderr=log)
    # The ears wait for as long as nothing is said.
    client = redis.Redis(port=port, password=password, socket_timeout=None)

    def answers() -> bool:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False

    try:
        wait_until(answers, 20, "Valkey's start")
        yield f"redis://:{password}@127.0.0.1:{port}/0", client, process
    finally:
        client.close()
        process.kill()
        process.wait()


def dump_valkey(client: "redis.Redis") -> Iterator[tuple[str, bytes]]:
    """Yield every key with all that it holds."""
    for key in client.scan_iter():
        yield f"Valkey {key!r}", key + (client.dump(key) or b"") + read_plain(client, key)


def read_plain(client: "redis.Redis", key: bytes) -> bytes:
    """Return what a key holds as it was written: a dump may be compressed."""
    match client.type(key):
        case b"list":
            return b"".join(client.lrange(key, 0, -1))  # type: ignore[arg-type]
        case b"set":
            return b"".join(client.smembers(key))  # type: ignore[arg-type]
        case b"hash":
            return b"".join([*client.hkeys(key), *client.hvals(key)])  # type: ignore[list-item]
        case b"zset":
            return b"".join(client.zrange(key, 0, -1))  # type: ignore[arg-type]
        case b"string":
            return client.get(key) or b""  # type: ignore[return-value]
        case other:
            raise AssertionError(other)


def dump_database() -> Iterator[tuple[str, bytes]]:
    """Yield every table of the test's database as text."""
    for table in connection.introspection.table_names():
        if table not in OPEN_TABLES:
            with connection.cursor() as cursor:
                cursor.execute(WHOLE.format(Identifier(table)).as_string())
                yield f"table {table}", (cursor.fetchone()[0] or "").encode()


def dump_processes(pids: Iterable[int]) -> Iterator[tuple[str, bytes]]:
    """Yield what anybody of the machine reads of processes: how they were called."""
    for pid in pids:
        yield f"command line {pid}", Path(f"/proc/{pid}/cmdline").read_bytes()


def dump_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every file below a folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield f"file {path.relative_to(folder)}", path.read_bytes()


def secret_database_url(password: str) -> str:
    """Return the address of the test's database with a password, which nobody asks for."""
    return database_url(str(connection.settings_dict["NAME"])).replace("genhub@", f"genhub:{password}@")  # fmt: skip


class Visitor:
    """Asks the hub and keeps each answer, head and body, by what was asked."""

    def __init__(self, port: int) -> None:
        self.client = httpx2.Client(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=patience()
        )
        self.answers: list[tuple[str, bytes]] = []

    def close(self) -> None:
        """Leave."""
        self.client.close()

    def ask(self, method: str, path: str, *, shows: bool = False, **words: Any) -> httpx2.Response:
        """Ask; an answer that `shows` a secret this once is not kept."""
        answer = self.client.request(method, path, **words)
        head = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        if not shows:
            self.answers.append((f"{method} {path}", head.encode() + b"\n\n" + answer.content))
        return answer

    def form(self, path: str, **values: str) -> httpx2.Response:
        """Fill a form of the admin in and send it."""
        if found := CSRF.search(self.ask("GET", path).text):
            values["csrfmiddlewaretoken"] = found[1]
        return self.ask("POST", path, data=values)

    def sign_in(self, name: str, password: str) -> str:
        """Sign in to the admin, at the second try; return the session's key."""
        address = reverse("admin:login")
        self.form(address, username=name, password=f"{password}!")
        assert self.form(address, username=name, password=password).status_code == 302
        # What a cookie is set to is told to its holder alone.
        self.answers.pop()
        return str(self.client.cookies["sessionid"])
