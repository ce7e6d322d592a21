"""What Prometheus reads: each order and call counted once, labels that stay few, nothing for strangers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client, RequestFactory
from django.urls import resolve
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text
from pytest_django import Settings
from rest_framework.response import Response
from rest_framework.test import APIClient

from credits import boundary
from generation.life.attempt_ends import complete, fail
from generation.life.unpaid_ends import cancel_task
from generation.models import Account, Task, Worker
from generation.providers.errors import ProviderError
from generation.refunds.one import request_refund
from genhub.lib.ids import new_id
from genhub.lib.waits import ASKED
from genhub.metrics.answers import MetricsMiddleware
from genhub.metrics.hub import FOLLOWER
from genhub.metrics.registry import OTHER, Few
from genhub.users.models import User
from tests.api.refusals import nothing_moves
from tests.beats import let_loops_be_well
from tests.steps import claim, collect, die, submit

pytestmark = pytest.mark.django_db
OPENMETRICS = "application/openmetrics-text; version=1.0.0"

Figures = Callable[..., float]


@pytest.fixture
def read(client: Client, monkeypatch: pytest.MonkeyPatch) -> Figures:
    """Return how much more a figure is than when the test began."""
    # What moved credits a moment ago counts at once.
    monkeypatch.setattr(boundary, "MARGIN", "0 seconds")

    def look() -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        answer = client.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"].startswith("max-age=0")
        families = read_text(answer.content.decode())
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }

    before = look()

    def moved(name: str, **labels: str) -> float:
        key = (name, frozenset(labels.items()))
        return look().get(key, 0.0) - before.get(key, 0.0)

    return moved


def labels_of(task: Task) -> dict[str, str]:
    return {"model": task.model, "size": f"{task.spec['width']}x{task.spec['height']}"}


def test_what_becomes_of_orders_is_counted_once(
    alice: APIClient, stub: Account, read: Figures
) -> None:
    delivered = submit(alice)
    order = labels_of(delivered)
    provider = {"provider": stub.alias, **order}
    found = claim()
    complete(found, collect(found))
    submit(alice)
    fail(claim(), ProviderError("no", code="content_refused"))
    dead = submit(alice)
    claim()
    die()
    cancel_task(dead.pk)
    with nothing_moves():
        assert read("genhub_orders_total", **order) == 3
    # Read again: nothing is counted twice.
    assert read("genhub_orders_total", **order) == 3
    ended = "genhub_tasks_ended_total"
    assert read(ended, **order, state="completed", code="") == 1
    assert read(ended, **order, state="failed", code="content_refused") == 1
    assert read(ended, **order, state="canceled", code="") == 1
    assert read("genhub_outputs_total", **order) == 1
    calls = "genhub_calls_total"
    assert read(calls, **provider, state="succeeded", code="") == 1
    assert read(calls, **provider, state="failed", code="content_refused") == 1
    assert read(calls, **provider, state="abandoned", code="") == 1
    for state in ("succeeded", "failed", "abandoned"):
        assert read("genhub_call_seconds_count", **provider, state=state) == 1
        assert read("genhub_call_seconds_sum", **provider, state=state) % 1 > 0
    assert read("genhub_wait_seconds_count", **order) == 3
    assert read("genhub_task_seconds_count", **order) == 1
    assert read("genhub_leases_lost_total") == 1
    assert read("genhub_stage_seconds_count", provider=stub.alias, stage="encode_store") == 1
    assert read("genhub_credits_total", kind="captured") == delivered.price


@pytest.mark.django_db(transaction=True)
def test_a_refund_and_what_was_found_are_counted(
    alice: APIClient, stub: Account, read: Figures
) -> None:
    first = submit(alice, seed=7)
    found = claim()
    complete(found, collect(found))
    again = submit(alice, seed=7)
    order = labels_of(again)
    assert again.cached_from_id == first.pk
    assert read("genhub_cache_hits_total", **order) == 1
    assert read("genhub_calls_total", provider=stub.alias, **order, state="succeeded", code="") == 1
    carol = User.objects.create_superuser("carol")
    request_refund(first.pk, 4, person=carol, request_id=new_id(), reason="It shows a circle.")
    assert read("genhub_credits_total", kind="refunded") == 4


def test_steps_are_counted_where_they_were_taken(
    alice: APIClient, stub: Account, read: Figures
) -> None:
    steps = {"provider": stub.alias, "model": stub.offers.get().alias}
    submit(alice, steps=7, num_images=2)
    found = claim()
    stored = collect(found)
    complete(found, replace(stored, timings={**stored.timings, "denoise": 1.5}))
    submit(alice, steps=7)
    remote = claim()
    complete(remote, collect(remote))
    assert read("genhub_steps_total", **steps) == 14


def test_how_things_stand(alice: APIClient, stub: Account, read: Figures) -> None:
    submit(alice)
    submit(alice)
    claim()
    let_loops_be_well()
    Worker.objects.update_or_create(
        name="painter",
        defaults={
            "queues": ["local"],
            "beat_at": Now(),
            "facts": {"gpu_utilization": 40, "process_memory": 10**9, "disk_free": 10**8},
        },
    )
    assert read("genhub_waiting", queue="local") == 1
    assert read("genhub_under_way", provider=stub.alias, state="running") == 1
    assert read("genhub_worker_ready", worker="painter", queue="local") == 1
    assert read("genhub_gpu_utilization_percent", worker="painter") == 40
    assert read("genhub_worker_memory_bytes", worker="painter") == 10**9
    assert read("genhub_worker_disk_free_bytes", worker="painter") == 10**8
    assert read("genhub_loop_ok", loop="reap") == 1
    assert read("genhub_webhooks_waiting") == 0


def test_answers_are_counted_by_route_and_refusals_by_code(
    alice: APIClient, client: Client, stub: Account, read: Figures
) -> None:
    task = submit(alice)
    alice.get(f"/api/v1/tasks/task_{task.pk.hex}")
    alice.post("/api/v1/generate", {}, format="json")
    client.generic("BREW", "/nowhere/at/all")
    requests = "genhub_http_requests_total"
    assert read(requests, method="GET", route="api/v1/tasks/<str:task_id>", status="200") == 1
    assert read(requests, method="POST", route="api/v1/generate", status="400") == 1
    assert read(requests, method=OTHER, route="none", status="404") == 1
    assert read("genhub_refusals_total", code="invalid_request") == 1
    assert read("genhub_http_request_seconds_count", route="api/v1/generate") == 2


def test_an_answer_that_waits_is_no_refusal(read: Figures) -> None:
    request = RequestFactory().get("/nowhere")
    request.META[ASKED] = object()
    request.resolver_match = resolve("/v1/models")
    MetricsMiddleware(lambda _: Response({"code": "task_under_way"}, 504))(request)
    route = {"method": "GET", "route": "v1/models"}
    assert read("genhub_http_requests_total", **route, status="held") == 1
    assert read("genhub_http_requests_total", **route, status="504") == 0
    assert read("genhub_refusals_total", code="task_under_way") == 0


def test_openmetrics_leads_from_a_slow_bucket_to_its_task(
    alice: APIClient, stub: Account, client: Client
) -> None:
    FOLLOWER.catch_up()
    task = submit(alice)
    found = claim()
    complete(found, collect(found))
    answer = client.get("/metrics", HTTP_ACCEPT=OPENMETRICS)
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    families = list(read_openmetrics(answer.content.decode()))  # type: ignore[no-untyped-call]
    named = {
        sample.exemplar.labels["task_id"]
        for family in families
        for sample in family.samples
        if sample.exemplar
    }
    assert task.pk.hex in named


@pytest.mark.parametrize(
    ("address", "headers", "behind_proxy", "status"),
    [
        ("127.0.0.1", {}, False, 200),
        ("::1", {}, False, 200),
        ("10.0.0.5", {}, False, 404),
        # Through a proxy of this machine, told of or not.
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, True, 404),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, False, 404),
        ("10.0.0.5", {"X-Forwarded-For": "127.0.0.1"}, False, 404),
        ("10.0.0.5", {"Authorization": "Bearer a long token"}, False, 200),
        ("10.0.0.5", {"Authorization": "Bearer another"}, False, 404),
        ("10.0.0.5", {"Authorization": "Bearer "}, False, 404),
        ("10.0.0.5", {"Authorization": "Bearer é"}, False, 404),
    ],
)
def test_strangers_learn_nothing(
    client: Client,
    settings: Settings,
    address: str,
    headers: dict[str, str],
    behind_proxy: bool,
    status: int,
) -> None:
    settings.METRICS_TOKEN, settings.BEHIND_PROXY = "a long token", behind_proxy
    answer = client.get("/metrics", headers=headers, REMOTE_ADDR=address)
    assert answer.status_code == status
    assert (b"genhub_" in answer.content) == (status == 200)


def test_without_a_token_none_is_right(client: Client, settings: Settings) -> None:
    assert settings.METRICS_TOKEN == ""
    for said in ("Bearer ", "Bearer"):
        answer: Any = client.get(
            "/metrics", headers={"Authorization": said}, REMOTE_ADDR="10.0.0.5"
        )
        assert answer.status_code == 404
    assert client.post("/metrics").status_code == 405


def test_a_label_has_few_values() -> None:
    few = Few(2)
    assert [few(value) for value in ("a", "b", "c", "a", "d")] == ["a", "b", OTHER, "a", OTHER]
