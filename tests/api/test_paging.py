"""Lists: the cursor walks everything once, pages count, and nonsense is refused by name."""

import base64
from collections.abc import Callable
from itertools import chain
from typing import Any
from urllib.parse import quote

import pytest
from rest_framework.test import APIClient

from generation.models import Account, TaskCount
from tests.api.refusals import GENERATE, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]

NUMBER = 21
LIST = "/api/v1/tasks"


@pytest.fixture
def ids(
    client_of: Callable[..., APIClient],
    rich: Callable[..., Any],
    mallory: APIClient,
    stub: Account,
) -> list[str]:
    """Alice's tasks, newest first, among as many of Mallory's."""
    rich("alice", 10 * NUMBER)
    alice, made = client_of("alice"), []
    for number in range(NUMBER):
        made.append(alice.post(GENERATE, {"prompt": "a"}, format="json").json()["id"])
        if number < 3:
            mallory.post(GENERATE, {"prompt": "a"}, format="json")
    return made[::-1]


@pytest.fixture
def reader(client_of: Callable[..., APIClient]) -> APIClient:
    return client_of("alice")


@pytest.mark.parametrize("limit", [1, 5, 20, 21, 100])
def test_cursor_walks_everything_once_in_both_directions(
    reader: APIClient, ids: list[str], limit: int
) -> None:
    forward, page = [], reader.get(f"{LIST}?limit={limit}").json()
    forward.append([item["id"] for item in page["items"]])
    while page["next"]:
        page = reader.get(page["next"]).json()
        forward.append([item["id"] for item in page["items"]])
    assert list(chain.from_iterable(forward)) == ids
    assert all(len(part) == limit for part in forward[:-1])
    backward = [forward[-1]]
    while page["previous"]:
        page = reader.get(page["previous"]).json()
        backward.append([item["id"] for item in page["items"]])
    assert backward == forward[::-1]


def test_new_tasks_do_not_shift_the_pages_behind_a_cursor(
    reader: APIClient, ids: list[str], rich: Callable[..., Any]
) -> None:
    page = reader.get(f"{LIST}?limit=10").json()
    rich("alice", 10)
    assert reader.post(GENERATE, {"prompt": "a"}, format="json").status_code == 202
    following = reader.get(page["next"]).json()
    assert [item["id"] for item in following["items"]] == ids[10:20]


def test_first_page_has_twenty(reader: APIClient, ids: list[str]) -> None:
    assert [item["id"] for item in reader.get(LIST).json()["items"]] == ids[:20]


@pytest.mark.parametrize(("page", "limit"), [(1, 10), (3, 10), (4, 10), (21, 1)])
def test_pages_count(reader: APIClient, ids: list[str], page: int, limit: int) -> None:
    answer = reader.get(f"{LIST}?page={page}&limit={limit}").json()
    assert [item["id"] for item in answer["items"]] == ids[(page - 1) * limit : page * limit]
    assert (answer["page"], answer["limit"], answer["total"]) == (page, limit, NUMBER)


def test_total_comes_from_the_counter(
    reader: APIClient, ids: list[str], client_of: Callable[..., APIClient]
) -> None:
    platform = client_of("")
    assert platform.get(f"{LIST}?page=1").json()["total"] == NUMBER + 3
    assert platform.get(f"{LIST}?page=1&user=mallory").json()["total"] == 3
    assert platform.get(f"{LIST}?page=1&user=nobody").json()["total"] == 0
    TaskCount.objects.filter(user="alice").update(total=99)
    assert reader.get(f"{LIST}?page=1").json()["total"] == 99


def test_page_costs_the_same_queries_whatever_its_length(
    reader: APIClient, ids: list[str], django_assert_max_num_queries: Any
) -> None:
    for limit in (1, 20):
        with django_assert_max_num_queries(8):
            reader.get(f"{LIST}?limit={limit}")


@pytest.mark.parametrize("word", ["page", "limit"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        "0",
        "-1",
        "x",
        "1.5",
        "1e3",
        "+1",
        " 1",
        "１",
        "0x1",
        "101000",
        "9" * 5000,
        "null",
        "%00",
    ],
)
def test_number_that_is_none_is_refused_by_name(reader: APIClient, word: str, value: str) -> None:
    path = f"{LIST}?{word}={quote(value, safe='%')}"
    refused(reader, path, method="get", expect=(400, "invalid_request", word))


def test_limit_above_a_hundred_is_refused(reader: APIClient) -> None:
    expect = (400, "invalid_request", "limit")
    refused(reader, f"{LIST}?limit=101", method="get", expect=expect)
    refused(reader, f"{LIST}?limit=101&page=1", method="get", expect=expect)


def test_page_beyond_what_is_cheap_is_refused(reader: APIClient) -> None:
    expect = (400, "invalid_request", "page")
    refused(reader, f"{LIST}?page=101&limit=100", method="get", expect=expect)
    assert reader.get(f"{LIST}?page=100&limit=100").json()["items"] == []


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "%00", "é", "!!!!", "x" * 5000, encoded("p=nothing"), encoded("p=\x00"), encoded("p=1"), encoded("o=-1"),
     encoded("o=x"), encoded("r=2"), encoded("p=" + "x" * 500), encoded("o=99999999999999999999"),
     encoded("p=' OR 1=1 --")],
    ids=lambda cursor: cursor[:16],
)  # fmt: skip
def test_cursor_that_is_none_of_ours_is_refused(reader: APIClient, cursor: str) -> None:
    path = f"{LIST}?cursor={quote(cursor, safe='%')}"
    refused(reader, path, method="get", expect=(400, "cursor_invalid"))


def test_cursor_of_another_shows_only_ones_own(
    reader: APIClient, mallory: APIClient, ids: list[str]
) -> None:
    link = reader.get(f"{LIST}?limit=5").json()["next"]
    answer = mallory.get(link).json()
    assert {item["user"] for item in answer["items"]} == {"mallory"}
