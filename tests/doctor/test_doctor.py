"""Each thing is broken for real where that can be done; the doctor names it and says how to mend it."""

import json
import resource
import shutil
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from kombu import Connection
from pytest_django import Settings

from credits.models import AuditRun
from generation.life import doorbell
from generation.models import Account, AccountKey, Rest, Worker
from genhub.doctor import hub, machine, servers, store
from genhub.doctor.findings import Finding, Look, Verdict, examine
from genhub.platforms.models import Platform
from genhub.webhooks.models import Delivery, Endpoint, Message
from tests.brokers import AWAY, away
from tests.migrations import forget_newest_migration
from tests.serving import serving
from tests.storage.conftest import BUCKET, Bucket, serve_bucket

pytestmark = pytest.mark.django_db


def find(look: Look, name: str) -> Finding:
    """Return the finding of that name."""
    (found,) = (one for one in look() if one.name == name)
    assert bool(found.mend) == (found.verdict != Verdict.GOOD)
    return found


def execute(statement: str, *words: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, words)


def run(*words: str) -> tuple[str, str]:
    """Return what the command printed, and how it failed."""
    out = StringIO()
    try:
        call_command("doctor", *words, stdout=out)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def test_all_is_told_in_one_object_and_in_lines() -> None:
    out, failed = run("--json")
    answer = json.loads(out)
    names = [one["name"] for one in answer["findings"]]
    assert {
        "versions",
        "disk (home)",
        "SECRET_KEY",
        "broker",
        "database",
        "tables",
        "guards",
        "audit",
    } <= set(names)
    assert sum(answer["counts"].values()) == len(names)
    # The tests' own server gives durability away for speed, and says so.
    assert (
        next(one for one in answer["findings"] if one["name"] == "durability")["verdict"] == "fault"
    )
    lines, also_failed = run()
    assert f"{answer['counts']['fault']} faults" in failed
    assert failed == also_failed
    assert "✗ durability: fsync" in lines
    assert "    → set them on in postgresql.conf" in lines


def test_a_look_that_breaks_is_told_and_stops_no_other() -> None:
    def broken() -> Iterator[Finding]:
        yield from ()
        raise KeyError("what nobody thought of")

    (found,) = examine("thing", broken)
    assert (found.name, found.verdict) == ("thing", Verdict.FAULT)
    assert "what nobody thought of" in found.said


def test_without_a_database_the_rest_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    there = connection.get_connection_params()
    monkeypatch.setattr(
        connection, "get_connection_params", lambda: {**there, "host": "/not/there"}
    )
    out, failed = run()
    assert failed
    assert "✗ database: OperationalError" in out
    assert "SECRET_KEY" in out
    assert "guards" not in out


def test_tables_of_an_older_and_of_a_newer_release() -> None:
    assert find(servers.look_at_tables, "tables").verdict == Verdict.GOOD
    execute(
        "INSERT INTO django_migrations (app, name, applied) VALUES ('credits', '9999_later', now())"
    )
    found = find(servers.look_at_tables, "tables")
    assert (found.verdict, "credits.9999_later" in found.said) == (Verdict.WARNING, True)
    newest = forget_newest_migration("webhooks")
    found = find(servers.look_at_tables, "tables")
    assert (found.verdict, f"webhooks.{newest}" in found.said) == (Verdict.FAULT, True)


def test_a_guard_that_is_off_or_gone_is_named(settings: Settings) -> None:
    settings.DATABASE_IS_EMBEDDED = False
    assert find(servers.look_at_role, "guards").verdict == Verdict.GOOD
    # This is a superuser's connection.
    assert find(servers.look_at_role, "role").verdict == Verdict.WARNING
    execute("ALTER TABLE credits_transfer DISABLE TRIGGER transfer_is_append_only")
    assert "transfer_is_append_only" in find(servers.look_at_role, "guards").said
    execute("DROP TRIGGER hold_moves_forward ON credits_hold")
    found = find(servers.look_at_role, "guards")
    assert found.verdict == Verdict.FAULT
    assert "hold_moves_forward" in found.said


@pytest.mark.django_db(transaction=True)
def test_news_is_heard_and_its_absence_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find(servers.look_at_news, "news").verdict == Verdict.GOOD
    monkeypatch.setattr(servers, "ask", lambda *_: [])
    monkeypatch.setattr(servers, "NEWS_SECONDS", 0.2)
    assert find(servers.look_at_news, "news").verdict == Verdict.FAULT


@pytest.mark.parametrize(
    ("seconds", "verdict"), [(0, Verdict.GOOD), (20, Verdict.WARNING), (-90, Verdict.FAULT)]
)
def test_clocks_are_compared(
    seconds: int, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "ask", lambda _: [(timezone.now() + timedelta(seconds=seconds),)])
    assert find(servers.look_at_clock, "clock").verdict == verdict


@pytest.mark.parametrize("kind", AWAY[:3])
def test_a_broker_that_is_away(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with away(kind, tmp_path) as url:
        monkeypatch.setattr(doorbell, "open_broker", lambda _: Connection(
            url, connect_timeout=0.2, transport_options={"socket_timeout": 0.2, "max_retries": 0}
        ))  # fmt: skip
        assert find(servers.look_at_broker, "broker").verdict == Verdict.FAULT


def test_a_broker_that_forgets() -> None:
    assert find(servers.look_at_broker, "broker").verdict == Verdict.GOOD
    with doorbell.open_broker(20) as broker:
        client: Any = broker.default_channel.client  # type: ignore[attr-defined]  # Redis' own channel
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            found = find(servers.look_at_broker, "broker")
        finally:
            client.config_set("maxmemory-policy", "noeviction")
    assert (found.verdict, "allkeys-lru" in found.said) == (Verdict.FAULT, True)


def test_a_bucket_is_tried_and_closed_to_strangers(s3: Bucket) -> None:
    assert find(store.look_at_store, f"bucket {BUCKET}").verdict == Verdict.GOOD
    assert s3.list_keys() == []


def test_a_bucket_that_anybody_reads(
    tmp_path: Path, s3_entry: dict[str, Any], settings: Settings
) -> None:
    with serve_bucket(tmp_path, environment={}) as open_bucket:
        s3_entry["OPTIONS"]["endpoint_url"] = open_bucket.endpoint
        settings.STORAGES = {**settings.STORAGES, "default": s3_entry}
        found = find(store.look_at_store, f"bucket {BUCKET}")
    assert (found.verdict, "without a signature" in found.said) == (Verdict.FAULT, True)


def test_a_bucket_that_is_not_there(s3_entry: dict[str, Any], settings: Settings) -> None:
    s3_entry["OPTIONS"]["bucket_name"] = "another"
    settings.STORAGES = {**settings.STORAGES, "default": s3_entry}
    assert find(store.look_at_store, "bucket another").verdict == Verdict.FAULT


def test_a_folder_that_everybody_reads(local: Path) -> None:
    local.chmod(0o755)
    assert find(store.look_at_store, "files").verdict == Verdict.WARNING
    local.chmod(0o750)
    assert find(store.look_at_store, "files").verdict == Verdict.GOOD


@pytest.mark.parametrize(
    ("gib", "verdict"), [(50, Verdict.GOOD), (2, Verdict.WARNING), (0.1, Verdict.FAULT)]
)
def test_room_on_the_disk(gib: float, verdict: Verdict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: SimpleNamespace(free=int(gib * machine.GIB))
    )
    assert find(machine.look_at_disk, "disk (home)").verdict == verdict


@pytest.mark.parametrize(
    ("most", "verdict"), [(-1, Verdict.GOOD), (65_536, Verdict.GOOD), (1024, Verdict.WARNING)]
)
def test_open_files(most: int, verdict: Verdict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, most))
    assert find(machine.look_at_files, "open files").verdict == verdict


def test_secrets_that_are_short_missing_or_no_keys(settings: Settings) -> None:
    settings.SECRET_KEY = "short"
    assert find(machine.look_at_secrets, "SECRET_KEY").verdict == Verdict.FAULT
    settings.ENCRYPTION_KEYS = []
    assert find(machine.look_at_secrets, "ENCRYPTION_KEYS").verdict == Verdict.WARNING
    settings.ENCRYPTION_KEYS = ["no key"]
    *_, found = examine("secrets", machine.look_at_secrets)
    assert (found.verdict, "ENCRYPTION_KEYS" in found.said) == (Verdict.FAULT, True)
    settings.DEBUG = True
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert find(machine.look_at_secrets, "DEBUG").verdict == Verdict.FAULT


def test_a_card_that_nothing_computes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    Worker.objects.create(
        name="local@here", queues=["local"], beat_at=timezone.now(), facts={"device": "cpu"}
    )
    assert find(machine.look_at_cards, "engine").verdict == Verdict.GOOD
    monkeypatch.setattr(machine, "read_card", lambda: {"gpu": "NVIDIA H200"})
    assert find(machine.look_at_cards, "engine").verdict == Verdict.WARNING


def test_what_no_key_opens_is_found_before_it_is_needed(stub: Account, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    key = AccountKey(account=stub)
    key.keep("sk-one-0123456789-aaaa")
    key.save()
    assert find(hub.look_at_secrets_kept, "sealed keys").verdict == Verdict.GOOD
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    found = find(hub.look_at_secrets_kept, "sealed keys")
    assert (found.verdict, "opens 1" in found.said) == (Verdict.FAULT, True)
    assert "sk-one" not in found.said


def test_an_account_out_of_quota(stub: Account) -> None:
    assert find(hub.look_at_accounts, "providers").verdict == Verdict.GOOD
    later = timezone.now() + timedelta(hours=1)
    Account.objects.update(resting_until=later, resting_why=Rest.NO_QUOTA)
    assert "stub" in find(hub.look_at_accounts, "providers").said


def test_webhooks_that_are_late_or_given_up(shop: Platform) -> None:
    assert find(hub.look_at_webhooks, "webhooks").verdict == Verdict.GOOD
    endpoint = Endpoint.objects.create(
        platform=shop, url="https://app.example/", events=[], is_enabled=False,
        disabled_why=Endpoint.Why.FAILING, disabled_at=timezone.now(),
    )  # fmt: skip
    assert find(hub.look_at_webhooks, "webhooks").verdict == Verdict.WARNING
    message = Message.objects.create(
        platform=shop, type="task.completed", about=endpoint.pk, payload="{}"
    )
    due_at = timezone.now() - timedelta(hours=1)
    Delivery.objects.create(message=message, endpoint=endpoint, url=endpoint.url, due_at=due_at)
    assert find(hub.look_at_webhooks, "webhooks").verdict == Verdict.FAULT


def test_the_last_audit_is_told() -> None:
    assert find(hub.look_at_audit, "audit").verdict == Verdict.WARNING
    words: dict[str, Any] = {"seconds": 1.0, "proved_until": timezone.now(), "checks": 9}
    AuditRun.objects.create(**words)
    assert find(hub.look_at_audit, "audit").verdict == Verdict.GOOD
    AuditRun.objects.create(**words, findings=[{"check": "balance"}])
    assert find(hub.look_at_audit, "audit").verdict == Verdict.FAULT


def test_pages_without_their_styles(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = str(tmp_path)
    assert find(hub.look_at_static, "static files").verdict == Verdict.FAULT
    (tmp_path / "collected").write_text("")
    assert find(hub.look_at_static, "static files").verdict == Verdict.GOOD


@pytest.fixture
def other() -> Iterator[str]:
    """A server that is not the hub."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"It works!")

        def log_message(self, *_: Any) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Answer)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def test_an_address_where_another_server_answers(other: str, settings: Settings) -> None:
    settings.PUBLIC_URL = other
    found = find(hub.look_at_public_address, "PUBLIC_URL")
    assert (found.verdict, "not as the hub" in found.said) == (Verdict.FAULT, True)
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    found = find(hub.look_at_public_address, "PUBLIC_URL")
    assert (found.verdict, "does not answer" in found.said) == (Verdict.FAULT, True)


def test_health_s_complaints_come_with_their_mends(stub: Account) -> None:
    found = find(hub.look_at_health, "worker local")
    assert (found.verdict, "service" in found.mend) == (Verdict.FAULT, True)
    assert "database" not in [one.name for one in hub.look_at_health()]
