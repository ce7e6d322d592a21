"""Lists of tasks by state, template, model, time and metadata: what fits, all of it, at a bounded cost."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from generation.models import Account, Task
from generation.models.search import TaskText
from generation.selectors.filters import TaskFilters, near
from generation.work.run import run_queue
from genhub.api.pages import FittingNewestFirst
from tests.api.refusals import GENERATE, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]
LIST = "/api/v1/tasks"
INVALID = (400, "invalid_request")


def order(client: APIClient, **words: Any) -> str:
    body = words if "template" in words else {"prompt": "a star", **words}
    return str(client.post(GENERATE, body, format="json").json()["id"])


def found(client: APIClient, words: str) -> list[str]:
    answer = client.get(f"{LIST}?{words}")
    assert answer.status_code == 200, answer.content
    return [item["id"] for item in answer.json()["items"]]


@pytest.fixture
def made(alice: APIClient, mallory: APIClient) -> dict[str, str]:
    """Alice's tasks, one of each kind, the oldest first; Mallory's has all that Alice's have."""
    order(mallory, metadata={"order": "a-1"})
    done = order(alice, metadata={"order": "a-1", "paid": True})
    run_queue("local")
    shape = order(alice, template="shape", parameters={"shape": "star"}, metadata={"order": 7})
    canceled = order(alice, metadata={"a.b": "c=d", "7": "seven"})
    alice.post(f"{LIST}/{canceled}/cancel")
    return {"done": done, "shape": shape, "canceled": canceled}


@pytest.mark.parametrize(
    ("words", "expect"),
    [
        ("status=completed", ["done"]),
        ("status=pending", ["shape"]),
        ("status=pending,completed", ["shape", "done"]),
        ("status=canceled&status=pending", ["canceled", "shape"]),
        ("status=failed", []),
        ("template=shape", ["shape"]),
        ("template=nothing", []),
        ("model=z-image-small&status=completed", ["done"]),
        ("model=nothing", []),
        ("metadata.order=a-1", ["done"]),
        ("metadata=order%3Da-1&metadata=paid%3Dtrue", ["done"]),
        ("metadata.order=7", ["shape"]),
        ("metadata.7=seven", ["canceled"]),
        ("metadata.a.b=c%3Dd", ["canceled"]),
        ("metadata=a.b%3Dc%3Dd", ["canceled"]),
        ("metadata.order=a-1&metadata.paid=false", []),
        ("since=2020-01-01T00:00:00Z&until=2100-01-01", ["canceled", "shape", "done"]),
        ("since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59Z", ["canceled", "shape", "done"]),
        ("since=2100-01-01", []),
        ("until=2020-01-01", []),
    ],
)
def test_list_holds_what_fits_and_is_the_callers(
    alice: APIClient, made: dict[str, str], words: str, expect: list[str]
) -> None:
    assert found(alice, words) == [made[name] for name in expect]


def test_times_bound_to_the_moment(alice: APIClient, made: dict[str, str]) -> None:
    text = alice.get(f"{LIST}/{made['shape']}").json()["created_at"]
    moment = datetime.fromisoformat(text)
    after = quote((moment + timedelta(microseconds=1)).isoformat())
    said = quote(text)
    assert found(alice, f"since={said}") == [made["canceled"], made["shape"]]
    assert found(alice, f"since={after}") == [made["canceled"]]
    assert found(alice, f"until={said}") == [made["done"]]
    assert found(alice, f"until={after}") == [made["shape"], made["done"]]


def test_platforms_key_filters_one_users_tasks(
    client_of: Callable[..., APIClient], made: dict[str, str]
) -> None:
    platform = client_of("")
    assert found(platform, "metadata.order=a-1&user=alice") == [made["done"]]
    assert len(found(platform, "metadata.order=a-1")) == 2


def test_request_finds_what_it_ordered_and_nothing_that_is_anothers(
    alice: APIClient, mallory: APIClient, client_of: Callable[..., APIClient]
) -> None:
    words: dict[str, Any] = {"format": "json", "HTTP_X_REQUEST_ID": "Series-1"}
    orders = [{"prompt": "a star"}, {"prompt": "a sea"}]
    theirs = mallory.post(GENERATE, orders[0], **words).json()["id"]
    made = alice.post("/api/v1/batches", {"orders": orders}, **words).json()
    mine = [order["task_id"] for order in made["orders"]]
    order(alice)
    assert sorted(found(alice, "request_id=Series-1")) == sorted(mine)
    assert found(alice, "request_id=Series-1&status=completed") == []
    for other in ("series-1", "Series", "Series-1x"):
        assert found(alice, f"request_id={other}") == []
    platform = client_of("")
    assert sorted(found(platform, "request_id=Series-1")) == sorted([theirs, *mine])
    assert found(platform, "request_id=Series-1&user=mallory") == [theirs]


def test_request_is_found_by_its_index(alice: APIClient) -> None:
    order(alice)
    with connection.cursor() as cursor:
        # As if a page held a million rows: of next to none, any way is as good as another.
        cursor.execute(
            "UPDATE pg_class SET reltuples = 1e6, relpages = 1 WHERE oid IN (%s::regclass, %s::regclass)",
            [Task._meta.db_table, TaskText._meta.db_table],
        )
    plan = near(Task.objects.filter(user="alice"), TaskFilters(request_id="a")).explain()
    assert "task_by_request" in plan, plan


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("request_id=", "request_id"),
        ("request_id=" + "x" * 129, "request_id"),
        ("request_id=%00", "request_id"),
        ("request_id=a&page=1", "page"),
        ("status=done", "status"),
        ("status=", "status"),
        ("status=completed,,failed", "status"),
        ("template=", "template"),
        ("template=%00", "template"),
        ("model=" + "x" * 101, "model"),
        ("since=yesterday", "since"),
        ("until=2026-13-01", "until"),
        ("since=0001-01-01T00:00:00%2B23:59", "since"),
        ("metadata=order", None),
        ("metadata.=x", "metadata"),
        ("metadata.a=%00", "metadata.a"),
        ("metadata.%00=a", "metadata"),
        ("metadata.a=" + "x" * 1001, "metadata.a"),
        ("&".join(f"metadata.k{number}=1" for number in range(6)), "metadata"),
        ("status=completed&page=1", "page"),
    ],
)
def test_word_that_is_wrong_is_named(alice: APIClient, words: str, field: str | None) -> None:
    if field:
        refused(alice, f"{LIST}?{words}", method="get", expect=(*INVALID, field))
    else:
        # A name alone asks for what is empty.
        assert found(alice, words) == []


def walk(client: APIClient, address: str, way: str) -> tuple[list[list[str]], str]:
    pages, last = [], address
    while address:
        body = client.get(address).json()
        pages.append([item["id"] for item in body["items"]])
        last, address = address, body[way]
    return pages, last


@pytest.mark.parametrize("limit", [1, 2, 20])
def test_rare_fits_are_all_found_in_both_directions(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(FittingNewestFirst, "most_rows", 2)
    kinds = "aabbbbbabb"
    fits = [order(alice, metadata={"kind": kind}) for kind in kinds]
    expect = [one for one, kind in zip(fits, kinds, strict=True) if kind == "a"][::-1]
    pages, last = walk(alice, f"{LIST}?metadata.kind=a&limit={limit}", "next")
    assert [one for page in pages for one in page] == expect
    assert all(len(page) <= limit for page in pages)
    assert [] in pages, "a page of what does not fit"
    back, _ = walk(alice, last, "previous")
    assert [one for page in reversed(back) for one in page] == expect


def test_page_reads_a_bounded_stretch_of_the_owners_index(
    alice: APIClient, made: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FittingNewestFirst, "most_rows", 2)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found(alice, "status=failed")
    asked = [query["sql"] for query in queries if 'FROM "generation_task"' in query["sql"]]
    edge, page = asked
    assert re.search(r"OFFSET 1$", edge)
    oldest = sorted(Task.objects.filter(user="alice").values_list("pk", flat=True))[1]
    assert f">= '{oldest.hex}'::uuid" in page
    assert 'ORDER BY "generation_task"."id" DESC' in page


def test_no_filter_asks_no_more_than_before(alice: APIClient, stub: Account) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert found(alice, "limit=5") == []
    assert sum('FROM "generation_task"' in query["sql"] for query in queries) == 1
