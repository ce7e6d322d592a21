"""The people, the purse and the clients that every test may use."""

import fcntl
import math
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import httpx2
import hypothesis
import pytest
from django.core.management import call_command
from django.core.management.commands import flush as flush_command
from django.db import OperationalError, connections, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from django.utils import translation
from django_otp import oath
from psycopg.errors import DeadlockDetected
from rest_framework.test import APIClient

from credits import ledger
from credits.models import Purse
from generation.accounts.adapters import adapter_of
from generation.accounts.tokens import find_tokenizer
from generation.life.news import listener
from generation.models import Account
from generation.providers import http, registry
from generation.providers.base import Capabilities
from generation.providers.stub import StubProvider
from generation.work.process import Drain, draining, occupancy
from genhub.celery import app
from genhub.lib import fetch, remembered, throttle
from genhub.lib.ids import new_id
from genhub.platforms.models import ApiKey, Platform
from storage import credentials
from templates.services import seed_examples, seed_phrases, seed_styles
from tests import servers
from tests.books import find_mistakes
from tests.easel import Easel

TEMPLATE = "genhub_template"
WHY = ledger.Why("tests", "a grant of the tests")


# What the migrations filled: to fill it again costs more than all else that a flush does.
MIGRATED = {"django_content_type", "auth_permission"}
RECIPES = ("templates_style", "templates_phrase", "templates_template", "templates_templateversion")
recipe_rows: dict[str, bytes] = {}
# Processes that a test started may read while its rows are deleted, in another order.
MOST_DEADLOCKS = 20

# No example fails for a slow machine, and none for the time that it took to be made up.
hypothesis.settings.register_profile(
    "other examples", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile(
    "same examples", hypothesis.settings.get_profile("other examples"), derandomize=True
)
hypothesis.settings.load_profile("same examples")


def emptied(sql: str) -> str:
    """Return a flush's TRUNCATE as DELETEs: no new files for the tables and indexes that were empty anyway.

    It waits as TRUNCATE does for whoever still reads or writes. What the rows leave behind is autovacuum's.
    """
    truncate = re.fullmatch(r'TRUNCATE ("[^;]+");', sql)
    if not truncate:
        return sql
    tables = [name for name in truncate[1].split(", ") if name.strip('"') not in MIGRATED]
    deletes = "; DELETE FROM ".join(["", *tables])
    return f"LOCK {', '.join(tables)} IN ACCESS EXCLUSIVE MODE{deletes}"


@pytest.fixture(autouse=True, scope="session")
def _flush_past_the_guards() -> Iterator[None]:
    """The suite's flush is the one exception to the append-only triggers; what the migrations filled outlives it."""

    def execute_sql_flush(self: DatabaseOperations, sql_list: list[str]) -> None:
        alias = self.connection.alias
        for _ in range(MOST_DEADLOCKS):
            try:
                with transaction.atomic(using=alias), self.connection.cursor() as cursor:
                    cursor.execute("SET LOCAL session_replication_role = replica")
                    # A server that still reads must not be the one that is told of a deadlock.
                    cursor.execute("SET LOCAL deadlock_timeout = '100ms'")
                    for sql in sql_list:
                        cursor.execute(emptied(sql))
            except OperationalError as error:
                if not isinstance(error.__cause__, DeadlockDetected):
                    raise
            else:
                return
        raise AssertionError(f"{MOST_DEADLOCKS} deadlocks while the rows of a test were deleted")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", execute_sql_flush)
        patch.setattr(flush_command, "emit_post_migrate_signal", lambda *_, **__: None)
        yield
    connections.close_all()


@pytest.fixture(autouse=True, scope="session")
def _signs_and_counts_at_once() -> None:
    """No first picture waits for what signs it, or counts its prompt: the leases of tests are short."""
    credentials.prepare()
    find_tokenizer()


@pytest.fixture(autouse=True, scope="session")
def _remembers_until_it_is_changed() -> Iterator[None]:
    """No statement is sent, and counted, because a minute went by."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remembered, "LONGEST_SECONDS", math.inf)
        yield


@pytest.fixture(autouse=True, scope="module")
def _same_broker_afterwards() -> Iterator[None]:
    """No test of a module leaves this process a broker that is gone.

    Celery tells the environment's where none was set: who patches both, the environment first, keeps the patched one to
    put it back.
    """
    before = app.conf.broker_write_url
    yield
    assert app.conf.broker_write_url == before


@pytest.fixture(autouse=True)
def _codes_of_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second step's code is the same from the first line of a test to its last."""
    began = time.time()
    monkeypatch.setattr(oath, "time", lambda: began)


@pytest.fixture(autouse=True)
def _no_wrong_tries() -> None:
    """No test is refused for what another tried."""
    throttle.counters().own.storage.reset()


@pytest.fixture(autouse=True)
def _usual_language() -> None:
    """No test speaks the language that another's request asked for: it stays with the thread."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def _nobody_stays_at_work() -> Iterator[None]:
    """No test leaves anybody at work in this process: what is isolated would wait for ever."""
    yield
    left, occupancy.occupants, occupancy.waiting = list(occupancy.occupants), [], 0
    assert left == []


@pytest.fixture(autouse=True)
def _clients_of_their_own() -> Iterator[None]:
    """Each test begins without connections to vendors and hosts, and leaves none."""
    made: list[httpx2.Client] = []

    def noted(make: Callable[..., httpx2.Client]) -> Callable[..., httpx2.Client]:
        @cache
        def make_and_note(*words: Any) -> httpx2.Client:
            made.append(make(*words))
            return made[-1]

        return make_and_note

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "client_of", noted(http.client_of.__wrapped__))
        patch.setattr(fetch, "client_for", noted(fetch.client_for.__wrapped__))
        yield
    for client in made:
        client.close()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, django_db_blocker: Any
) -> None:
    """One worker migrates a database, and all copy it."""
    connection = connections["default"]
    name = connection.settings_dict["NAME"]
    with (servers.HOME / "template.lock").open("a+") as made, django_db_blocker.unblock():
        fcntl.flock(made, fcntl.LOCK_EX)
        if not made.seek(0, os.SEEK_END):
            with connection._nodb_cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {TEMPLATE}")
            connection.settings_dict["NAME"] = TEMPLATE
            call_command("migrate", verbosity=0)
            connection.close()
            connection.settings_dict["NAME"] = name
            made.write("migrated")
    connection.settings_dict["TEST"]["TEMPLATE"] = TEMPLATE


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """The database as pytest-django makes it, left by everybody before it is dropped."""
    yield
    listener.stop()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all whole hubs, one after the other: only the first start has to make its database."""
    return tmp_path_factory.mktemp("hub") / "home"


@pytest.fixture
def shop(db: None) -> Platform:
    return Platform.objects.create(code="shop", name="Shop")


@pytest.fixture
def stub(db: None) -> Account:
    """A provider that draws at once; its model is the hub's default in tests."""
    provider = Account.objects.create(alias="stub", adapter="stub", queue="local")
    provider.offers.create(alias="z-image-small", default_width=64, default_height=64,
                           smallest_side=16, largest_side=1024, longest_prompt=500,
                           default_negative_prompt="blurry")  # fmt: skip
    return provider


@pytest.fixture
def keeps_orders_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the stub be a device of this machine: no order leaves, so each may be made anew."""
    monkeypatch.setattr(StubProvider, "capabilities", Capabilities(is_remote=False))


@pytest.fixture
def recipes(db: None) -> None:
    """The styles, phrases and templates that a hub begins with; made once, and copied for each further test."""
    with transaction.atomic(), connections["default"].cursor() as cursor:
        for table, rows in recipe_rows.items():
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                copy.write(rows)
        if not recipe_rows:
            seed_styles()
            seed_phrases()
            seed_examples()
            for table in RECIPES:
                with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                    recipe_rows[table] = b"".join(copy)


@pytest.fixture
def rich(shop: Platform) -> Callable[..., Purse]:
    """Open a purse with credits."""

    def open_rich(user: str = "alice", amount: int = 100) -> Purse:
        purse = ledger.open_purse(shop.pk, user)
        if amount:
            ledger.grant(purse.pk, amount, key=f"{user}:{amount}", why=WHY)
        return purse

    return open_rich


@pytest.fixture
def client_of(shop: Platform) -> Callable[..., APIClient]:
    """A client with a key: bound to a user, or the platform's own when user is empty."""

    def make(user: str = "alice", **words: Any) -> APIClient:
        platform = words.pop("platform", shop)
        _, key = ApiKey.objects.issue(platform, name="tests", user=user, **words)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
        return client

    return make


@pytest.fixture
def alice(client_of: Callable[..., APIClient], rich: Callable[..., Purse]) -> APIClient:
    """Alice's own key, and 100 credits."""
    rich("alice", 100)
    return client_of("alice")


@pytest.fixture
def mallory(client_of: Callable[..., APIClient], rich: Callable[..., Purse]) -> APIClient:
    """Another user of the same platform."""
    rich("mallory", 100)
    return client_of("mallory")


@pytest.fixture
def drain() -> Iterator[Drain]:
    """Whether workers should end soon; unset again after the test."""
    yield draining
    draining.clear()


@pytest.fixture
def right_books(rich: Callable[..., Purse], drain: Drain) -> Iterator[None]:
    """Credits for alice, and books that are right at the end."""
    rich("alice", 10_000)
    yield
    assert find_mistakes() == []


@pytest.fixture
def easel(db: None, monkeypatch: pytest.MonkeyPatch) -> Easel:
    """A provider that draws in batches, as the test tells it to; its model is the hub's default in tests."""
    name = f"easel-{new_id().hex}"
    monkeypatch.setitem(registry.ADAPTERS, name, "tests.easel.Easel")
    provider = Account.objects.create(alias="easel", adapter=name, queue="local")
    provider.offers.create(alias="z-image-small", default_width=64, default_height=64,
                           smallest_side=16, largest_side=1024)  # fmt: skip
    return cast("Easel", adapter_of(provider))


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The ports that any socket of this process was connected to."""
    ports: set[int] = set()
    connect = socket.socket.connect

    def watched(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple):
            ports.add(address[1])
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", watched)
    return ports
