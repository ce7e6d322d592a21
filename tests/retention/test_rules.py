"""What each rule lets go, and what stays however old it is: whatever an order, a client or the audit still needs."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Model
from django.db.models.functions import Now
from PIL import Image
from rest_framework.test import APIClient

from credits import audit
from credits.audit import runs
from credits.grants import App, grant_for_event
from credits.grants import Event as GrantEvent
from credits.models import AuditRun, GrantRule, Hold, Transfer
from generation import loops
from generation.life.unpaid_ends import cancel_task
from generation.models import Attempt, Event, LoopBeat, Output, Share, Subject, Task, Worker
from generation.work.run import run_queue
from genhub.platforms.models import IdempotencyKey, Platform
from genhub.retention.ages import KINDS
from genhub.retention.rules import Gone, list_rules
from genhub.retention.turns import delete_old
from storage import uploads
from storage.models import Artifact, UploadFolder
from tests.books import find_mistakes
from tests.credits.test_audit_runs import _within, age, break_books
from tests.kept import NONE, delete
from tests.steps import submit
from tests.storage.conftest import local

__all__ = ["_within", "local"]
pytestmark = pytest.mark.django_db
GENERATE = "/api/v1/generate"
WHOLE: dict[str, Any] = {"width": 32, "height": 32}
FOR_EVER = (Task, Attempt, Output, Share, Transfer, Hold)


def let_pass(model: type[Model], days: float, *columns: str) -> None:
    """Let days pass for rows whose times nothing guards."""
    span = timedelta(days=days)
    model._default_manager.update(**{name: F(name) - span for name in columns or ["created_at"]})


def order(client: APIClient, key: str, **words: Any) -> Any:
    body = {"prompt": "a star", **words}
    return client.post(GENERATE, body, format="json", HTTP_IDEMPOTENCY_KEY=key)


def take(shop: Platform, user: str = "alice", key: str = "") -> Artifact:
    """Take in a picture that nobody orders anything with."""
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), "teal").save(buffer, "PNG")
    return uploads.take_picture(
        buffer.getvalue(), "image/png", platform_id=shop.pk, user=user, idempotency_key=key
    )


def list_files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("stub")
def test_key_of_an_order_goes_at_its_age_and_the_same_key_orders_anew(alice: APIClient) -> None:
    first = order(alice, "k").json()["id"]
    run_queue("local")
    let_pass(Task, 31, "created_at", "completed_at")
    let_pass(IdempotencyKey, 29.9)
    assert delete("order_keys") == Gone()
    assert order(alice, "k").json()["id"] == first
    let_pass(IdempotencyKey, 0.2)
    assert delete("order_keys") == Gone(rows=1)
    assert order(alice, "k").json()["id"] != first


@pytest.mark.usefixtures("stub")
@pytest.mark.parametrize("end", ["completed", "failed", "canceled"])
def test_key_of_an_order_outlives_its_task_by_a_day(alice: APIClient, end: str) -> None:
    first = order(alice, "k", prompt="stub:fail" if end == "failed" else "a star").json()["id"]
    let_pass(IdempotencyKey, 400)
    assert delete("order_keys") == Gone(), "its task is under way"
    if end == "canceled":
        cancel_task(Task.objects.get().pk)
    else:
        run_queue("local")
    assert Task.objects.get().state == end
    let_pass(Task, 0.9, f"{end}_at")
    assert delete("order_keys") == Gone(), "it has just ended"
    assert order(alice, "k", prompt=Task.objects.get().spec["prompt"]).json()["id"] == first
    let_pass(Task, 0.2, f"{end}_at")
    assert delete("order_keys") == Gone(rows=1)


@pytest.mark.usefixtures("local")
def test_key_of_an_upload_goes_at_its_age(shop: Platform) -> None:
    first = take(shop, key="k")
    let_pass(IdempotencyKey, 29.9)
    assert delete("upload_keys") == Gone()
    assert take(shop, key="k") == first
    let_pass(IdempotencyKey, 0.2)
    assert delete("upload_keys") == Gone(rows=1)
    assert take(shop, key="k") != first


def test_key_of_a_grant_goes_at_its_age_and_its_event_stays_known(shop: Platform) -> None:
    GrantRule.objects.create(platform=shop, kind="ad", daily_most_per_user=50, daily_most=50)
    app = App(shop.pk, shop.code, shop.time_zone, "prefix")
    event = GrantEvent(id="ad-1", kind="ad", user="alice", amount=5)
    full_key, _ = grant_for_event(app, event, idempotency_key="k")
    let_pass(IdempotencyKey, 29.9)
    assert delete("grant_keys") == Gone()
    let_pass(IdempotencyKey, 0.2)
    assert delete("grant_keys") == Gone(rows=1)
    assert grant_for_event(app, event, idempotency_key="k") == (full_key, False)


@pytest.mark.usefixtures("stub")
def test_steps_of_ended_tasks_go_and_those_of_tasks_under_way_stay(alice: APIClient) -> None:
    ended = submit(alice)
    run_queue("local")
    live = submit(alice)
    let_pass(Event, 364.9)
    assert delete("events") == Gone()
    let_pass(Event, 0.2)
    assert delete("events") == Gone(rows=4)
    assert set(Event.objects.values_list("task", flat=True)) == {live.pk}
    assert alice.get(f"/api/v1/tasks/task_{ended.pk.hex}").json()["status"] == "completed"
    assert find_mistakes() == []


@pytest.mark.usefixtures("stub")
def test_subject_stays_for_ever_unless_operators_let_go_what_no_order_names(
    alice: APIClient, settings: Any
) -> None:
    submit(alice, subject="old")
    let_pass(Subject, 400, "created_at", "used_at")
    assert delete("subjects") == Gone()
    settings.KEEP_DAYS = {**settings.KEEP_DAYS, "subjects": 365}
    submit(alice, subject="young")
    task = submit(alice, subject="old")
    assert delete("subjects") == Gone(), "an order named it again"
    let_pass(Subject, 366, "used_at")
    submit(alice, subject="young")
    assert delete("subjects") == Gone(rows=1)
    assert Subject.objects.get().name == "young"
    assert alice.get(f"/api/v1/tasks/{task}").json()["subject"] == "old"


def test_rows_of_gone_workers_and_loops_go() -> None:
    Worker.objects.create(name="alive", queues=[], beat_at=Now() - timedelta(days=6.9))
    Worker.objects.create(name="gone", queues=[], beat_at=Now() - timedelta(days=7.1))
    for name in ("reap", "loop_of_an_older_release"):
        LoopBeat.objects.create(name=name, period_seconds=1, beat_at=Now() - timedelta(days=8))
    LoopBeat.objects.create(name="newer", period_seconds=1, beat_at=Now())
    assert delete("workers") == Gone(rows=1)
    assert Worker.objects.get().name == "alive"
    assert delete("gone_loops") == Gone(rows=1)
    # A loop that there is stays, so that health goes on saying since when it is late.
    assert set(LoopBeat.objects.values_list("name", flat=True)) == {"reap", "newer"}
    assert loops.examine()["reap"].state == "late"


@pytest.mark.usefixtures("_within")
def test_of_audits_only_clean_ones_that_a_whole_one_followed_go(rich: Callable[..., Any]) -> None:
    rich("alice", 100)
    whole = audit.prove()
    chain = [audit.prove(whole)]
    chain += [audit.prove(chain[0])]
    assert [delete("audits", NONE) for _ in range(2)] == [Gone()] * 2, "no whole one followed"
    later = audit.prove()
    young = audit.prove(later)
    for run in (whole, *chain):
        age(run, 91 * 86_400)
    # Each begins from the one before: they go from the end, one at each turn.
    assert [delete("audits") for _ in range(3)] == [Gone(rows=1), Gone(rows=1), Gone()]
    assert set(AuditRun.objects.all()) == {whole, later, young}
    assert runs.find_checkpoint() == young


@pytest.mark.usefixtures("_within")
def test_database_keeps_every_audit_that_counts(rich: Callable[..., Any]) -> None:
    rich("alice", 100)
    whole = audit.prove()
    short = audit.prove(whole)
    with pytest.raises(DatabaseError, match="refused"), transaction.atomic():
        short.delete()
    age(short, 2 * 86_400)
    break_books()
    found = audit.prove(short)
    age(found, 86_401)
    assert found.findings
    for run in (found, whole):
        with pytest.raises(DatabaseError, match=r"refused|referenced"), transaction.atomic():
            run.delete()
    assert AuditRun.objects.count() == 3


@pytest.mark.usefixtures("stub", "right_books")
def test_upload_that_no_order_named_goes_with_its_files_and_its_key(
    alice: APIClient, shop: Platform, local: Path
) -> None:
    unused, used, mask, young = (take(shop, key=key) for key in ("unused", "used", "mask", "young"))
    words = {"image": f"art_{used.pk.hex}", "mask": f"art_{mask.pk.hex}"}
    task = submit(alice, **WHOLE, **words)
    old = Artifact.objects.exclude(pk=young.pk)
    old.update(created_at=Now() - timedelta(days=30.1))
    before = list_files(local)
    assert delete("unused_uploads") == Gone(rows=1)
    # No order finds it from here on, and its files go by the note of where they lie.
    assert order(alice, "", image=f"art_{unused.pk.hex}").status_code == 400
    assert list_files(local) == before
    gone = delete("upload_files")
    assert (gone.rows, gone.files) == (0, 2)
    assert gone.size_bytes > unused.size_bytes
    assert before - list_files(local) == {unused.key, unused.thumbnail_key}
    assert not UploadFolder.objects.exists()
    assert set(IdempotencyKey.objects.values_list("key", flat=True)) == {"used", "mask", "young"}
    assert delete("unused_uploads", NONE) == Gone(rows=1), "young, and nobody named it"
    run_queue("local")
    task.refresh_from_db()
    assert task.state == "completed"
    # What an order delivered is no upload, whether anybody starts from it or not.
    let_pass(Artifact, 1000)
    assert delete("unused_uploads") == Gone()
    assert Artifact.objects.count() == 3


@pytest.mark.usefixtures("stub", "local", "right_books")
def test_age_of_nothing_keeps_everything_for_ever(
    alice: APIClient, shop: Platform, settings: Any
) -> None:
    settings.KEEP_DAYS = dict.fromkeys(settings.KEEP_DAYS, 0)
    order(alice, "k")
    run_queue("local")
    take(shop, key="k")
    for model in (Event, IdempotencyKey, Artifact):
        let_pass(model, 9999)
    let_pass(Task, 9999, "created_at", "completed_at")
    counts = [model._default_manager.count() for model in (Event, IdempotencyKey, Artifact)]
    delete_old()
    assert [m._default_manager.count() for m in (Event, IdempotencyKey, Artifact)] == counts


@pytest.mark.usefixtures("stub", "local", "right_books")
def test_no_rule_touches_what_money_is_proved_against(alice: APIClient, shop: Platform) -> None:
    for prompt in ("a star", "stub:fail"):
        order(alice, prompt, prompt=prompt)
        run_queue("local")
    artifacts = set(Artifact.objects.all())
    take(shop)
    counts = [model._default_manager.count() for model in FOR_EVER]
    for rule in list_rules():
        delete(rule.name, NONE)
    assert [model._default_manager.count() for model in FOR_EVER] == counts
    assert set(Artifact.objects.all()) == artifacts
    assert find_mistakes() == []


def test_each_rule_finds_the_old_by_an_index(shop: Platform) -> None:
    tiny = {"workers", "gone_loops"}
    slow = []
    with connection.cursor() as cursor:
        # Of empty tables nobody could tell otherwise.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        for rule in list_rules():
            one = replace(rule, platform_id=shop.pk) if rule.days in KINDS else rule
            plan = one.find_old(NONE)[:1000].explain()
            # Of empty tables the two indexes of attempts by their end cost the same.
            by_age = re.search(
                r"Index Scan using (\w+_by_age|attempt_(to_sweep|by_end)|alert_ended|django_session_expire_date_\w+)\b",
                plan,
            )
            if rule.name not in tiny and ("Seq Scan on" in plan or not by_age):
                slow.append(plan)
    assert not slow, "\n".join(slow)
