"""S16: secrets go in at every door of a hub at work and at fault, and none comes out: not in a log, an answer, a page,
a message, a row, an export, a figure or a command line."""

import contextlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import reverse
from pytest_django import Settings

from credits.models import Purse
from generation.models import Account, AccountKey, Describer, Moderator, Task
from genhub.platforms.models import ApiKey, Platform, Scope
from genhub.users.models import User
from genhub.webhooks.models import Delivery
from tests.admin.conftest import boss, finished
from tests.admin.test_pages import rows
from tests.admin.test_words import all_rows
from tests.faults.apps.canaries import (
    Canaries,
    Ears,
    Visitor,
    dump_database,
    dump_files,
    dump_processes,
    dump_valkey,
    encryption_key,
    locked_valkey,
    secret_database_url,
    webhook_secret,
)
from tests.faults.processes import LOOPS, ROOT, environment, running, wait_until, worker
from tests.faults.providers.vendor import KEY, MODEL, Vendor, open_account
from tests.live.streams import serving_both
from tests.providers.vendors.server import Asked, Reply
from tests.webhooks.receiver import Receiver, Says, receiving

__all__ = ["all_rows", "boss", "finished", "rows"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.timeout(900),
]
PASSWORDS = {
    "staff password": "canary-of-staff-Tq7",
    "database password": "canary-of-postgres-Jx2",
    "broker password": "canary-of-valkey-Wm4",
    "signing key": "canary-of-signatures-0123456789-abcdefghijklmnopqrstuvwxyz",
    "metrics token": "canary-of-metrics-Vb8",
    "mail password": "canary-of-mail-Pz5",
    "moderation key": "canary-of-moderation-Rn3",
    "describer key": "canary-of-describers-Ye6",
    "provider key": KEY,
}
API = "/api/v1/"


def repeat_the_key(status: int) -> Callable[[Asked], Reply]:
    """Answer as vendors do that say which key was wrong."""

    def respond(asked: Asked) -> Reply:
        said = f"Incorrect key: {asked.headers.get('authorization')} of {asked.headers}"
        return Reply(status, {"error": {"message": said, "code": "any"}}, {"x-echo": said[:200]})

    return respond


class Hub:
    """A hub of real processes that knows every canary, and who visits it."""

    def __init__(self, folder: Path, stack: ExitStack, canaries: Canaries, **more: str) -> None:
        self.folder, self.canaries = folder, canaries
        url, self.valkey, self.broker = stack.enter_context(
            locked_valkey(folder, PASSWORDS["broker password"])
        )
        self.ears = Ears(self.valkey)
        words = {
            "CELERY_BROKER_URL": url,
            "DATABASE_URL": secret_database_url(PASSWORDS["database password"]),
            "SECRET_KEY": PASSWORDS["signing key"],
            "METRICS_TOKEN": PASSWORDS["metrics token"],
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": "1",
            "EMAIL_HOST_PASSWORD": PASSWORDS["mail password"],
            "ALERT_MAIL_TO": "ops@hub.example",
            "PRIVATE_HOSTS": "127.0.0.1",
            "LOG_FOLDER": str(folder / "logs"),
            # Nobody dies here, and a busy machine must not look as if.
            "LEASE_SECONDS": "300",
            **more,
        }
        self.words = words
        (folder / "logs").mkdir()
        self.web = stack.enter_context(serving_both(folder, **words))
        others = worker("remote,delivery,upkeep")
        self.processes = [
            stack.enter_context(running(folder / f"{name}.log", *program, **words)).pid
            for name, program in (("worker", others), ("loops", LOOPS))
        ] + [self.web.pid]
        self.app = stack.enter_context(contextlib.closing(Visitor(self.web.port)))
        self.staff = stack.enter_context(contextlib.closing(Visitor(self.web.port)))

    def run(self, *command: str) -> bytes:
        """Return all that a command of the operator says."""
        words = [sys.executable, "manage.py", *command]
        env = environment() | self.words
        done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, check=False)
        assert b"Traceback" not in done.stderr, done.stderr
        return done.stdout + done.stderr

    def places(self) -> Iterator[tuple[str, bytes]]:
        """Yield every place where a secret might stand by now."""
        yield from self.app.answers
        yield from self.staff.answers
        yield from ((f"command {at}", said) for at, said in enumerate(self.ears.heard))
        yield from dump_database()
        yield from dump_processes(self.processes)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with Vendor().running() as vendor:
        assert isinstance(vendor, Vendor)
        yield vendor


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Takes webhooks, and repeats what it was sent with each."""
    with receiving(lambda told: Says(500, body=str(told.headers).encode())) as receiver:
        yield receiver


@pytest.fixture
def hub(
    tmp_path: Path, receiver: Receiver, settings: Settings, all_rows: None, vendor: Vendor
) -> Iterator[Hub]:
    sealing, alerts = encryption_key(), webhook_secret()
    settings.ENCRYPTION_KEYS = [sealing]
    open_account(vendor)
    for model, name in ((Moderator, "moderation key"), (Describer, "describer key")):
        row = model.objects.get()
        row.take(PASSWORDS[name])
        row.is_enabled, row.base_url = False, vendor.url
        row.save()
    canaries = Canaries(**PASSWORDS, **{"encryption key": sealing, "alerts' secret": alerts})
    more = {
        "ENCRYPTION_KEYS": sealing,
        "ALERT_WEBHOOK_SECRET": alerts,
        "ALERT_WEBHOOK_URL": f"http://{receiver.name}/alerts",
        "WEBHOOK_HOSTS": receiver.name,
    }
    with ExitStack() as stack:
        yield Hub(tmp_path, stack, canaries, **more)


def order(hub: Hub, attempt: str) -> None:
    """Order a picture as the app does, and wait until an attempt at it has this state."""
    body = {"prompt": "a star", "user": "alice", "model": MODEL}
    answer = hub.app.ask("POST", f"{API}generate", json=body)
    assert answer.status_code == 202, answer.text
    attempts = Task.objects.get(pk=answer.json()["id"].removeprefix("task_")).attempts
    wait_until(attempts.filter(state=attempt).exists, 60, f"an attempt that is {attempt}")


def call_as_app(hub: Hub, receiver: Receiver, platform: Platform) -> None:
    """Do what an app does, right and wrong."""
    _, key = ApiKey.objects.issue(platform, name="web", user="", scopes=list(Scope.values))
    app, keep = hub.app, hub.canaries.plant
    keep("API key", key)
    app.client.headers["Authorization"] = f"Bearer {key}"
    app.client.params = {"user": "alice"}
    told = app.ask("POST", f"{API}webhooks", shows=True, json={"url": receiver.url("/hook")})
    keep("webhook secret", told.json()["secret"])
    wanted = {"user": "alice", "origins": ["https://app.example.com"], "max_credits": 5}
    token = app.ask("POST", f"{API}tokens", shows=True, json=wanted).json()["token"]
    keep("browser token", token)
    for secret, name in ((key, "API key"), (token, "browser token")):
        assert hub.canaries.found_in(f"/tasks/{secret}".encode()) == {name}
    endpoint = told.json()["id"]
    for path in (
        "credits", "credits/entries", "credits/entries.csv", "tasks", "webhooks", "tokens", "keys/me", "storage",
        f"webhooks/{endpoint}", "models", "templates", "health", f"tokens?key={key}", f"tasks/{key}", f"tasks/{token}",
        f"nothing/{key}", f"subjects?q={token}", f"tasks/{key}/events",
    ):  # fmt: skip
        app.ask("GET", API + path)
    app.ask("POST", f"{API}webhooks/{endpoint}/test")
    for wrong in (key[:-1], key.upper(), f"{key}x", f"{token}x"):
        app.ask("GET", f"{API}tasks", headers={"Authorization": f"Bearer {wrong}"})
    app.ask("GET", f"{API}tasks", headers={"Authorization": f"Bearer {token}"})
    app.ask("GET", f"{API}tasks", headers={"Authorization": f"Basic {key}"})
    app.ask("GET", f"/v1/models/{key}")
    app.ask("POST", f"{API}generate", content=b"{", headers={"Content-Type": "application/json"})
    app.ask("POST", f"{API}me/erasures", json={"user": "nobody"})


def order_from_a_vendor(hub: Hub, vendor: Vendor) -> None:
    """Have one order made, one refused, one lost and one refused for its key, each answer repeating it."""
    order(hub, "succeeded")
    assert any(KEY in asked.headers["authorization"] for asked in vendor.asked)
    for status, state in ((400, "failed"), (502, "unknown"), (401, "failed")):
        vendor.respond = repeat_the_key(status)
        order(hub, state)
    wait_until(lambda: AccountKey.objects.filter(resting_why="refused").exists(), 60, "the refusal")


def walk_the_admin(hub: Hub) -> None:
    """See every page of every model as a superuser, what is tried there and taken away from there."""
    staff = hub.staff
    user = User.objects.get(username="carol")
    user.set_password(PASSWORDS["staff password"])
    user.save()
    hub.canaries.plant("session", staff.sign_in("carol", PASSWORDS["staff password"]))
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert staff.ask("GET", reverse(f"{name}_changelist")).status_code == 200
        for row in model._default_manager.all()[:3]:
            for page in ("change", "history"):
                answer = staff.ask("GET", reverse(f"{name}_{page}", args=[row.pk]))
                # Some rows have no page, or none any more: the loops are at work, too.
                assert answer.status_code in {200, 302, 404}
    account = Account.objects.get(alias="acc")
    assert "***" in staff.form(reverse("admin:generation_account_try_it", args=[account.pk])).text
    describer = Describer.objects.get()
    staff.form(reverse("admin:generation_describer_try_it", args=[describer.pk]))
    purse = Purse.objects.get(user="alice")
    for path in (
        reverse("admin:index"), reverse("admin:templates_template_export_all"),
        reverse("admin:credits_purse_download", args=[purse.pk]), "/metrics", "/api/schema", "/handbook/", "/welcome",
        "/admin/nothing/", "/nothing", f"/admin/generation/task/?q={KEY[:6]}",
    ):  # fmt: skip
        staff.ask("GET", path)


def break_things(hub: Hub) -> None:
    """Take a table, the connections to the database and the broker away: the hub is asked, and fails aloud."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE templates_style RENAME TO taken_away")
        try:
            assert hub.app.ask("GET", f"{API}styles").status_code == 500
            assert hub.staff.ask("GET", "/admin/templates/style/").status_code == 500
        finally:
            cursor.execute("ALTER TABLE taken_away RENAME TO templates_style")
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    for path in (f"{API}tasks", f"{API}health", "/admin/"):
        hub.app.ask("GET", path)
    hub.broker.kill()
    hub.broker.wait()
    answer = hub.app.ask("POST", f"{API}generate", json={"prompt": "a star", "user": "alice"})
    assert answer.status_code == 202
    hub.app.ask("GET", f"{API}health")
    worker_log = hub.folder / "worker.log"
    wait_until(lambda: b"Cannot connect" in worker_log.read_bytes(), 60, "the worker's complaint")


def test_no_secret_comes_out(hub: Hub, vendor: Vendor, receiver: Receiver, shop: Platform) -> None:
    call_as_app(hub, receiver, shop)
    order_from_a_vendor(hub, vendor)
    wait_until(lambda: len(receiver.told) > 2, 60, "webhooks")
    wait_until(lambda: any(each.answers for each in Delivery.objects.all()), 60, "their answers")
    walk_the_admin(hub)
    songs = hub.canaries.sing(hub.places()) | hub.canaries.sing(dump_valkey(hub.valkey))
    said = hub.run("doctor") + hub.run("costs") + hub.run("queue")
    break_things(hub)
    songs |= hub.canaries.sing([("commands", said)])
    songs |= hub.canaries.sing([*hub.app.answers, *dump_files(hub.folder)])
    assert songs == {}
    # They came by, and were taken for what they are.
    log = (hub.folder / "logs" / "requests.jsonl").read_text()
    assert all(
        re.search(rf"/tasks/{shape}", log) for shape in (r"gh_\w{8}\.\*{3}", r"tok_\w+\.\*{3}")
    )
    assert "Traceback" in hub.web.log.read_text()
    assert len(hub.ears.heard) > 20
