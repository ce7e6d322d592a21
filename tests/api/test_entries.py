"""A statement: every move once, newest first, with the balance after it; filters, pages, and who may read it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from rest_framework.test import APIClient

from credits import ledger
from credits.models import Kind, Purse, Transfer
from generation.models import Account, Task
from generation.work.run import run_queue
from genhub.lib.ids import from_wire, new_id
from genhub.platforms.models import Platform
from tests.api.refusals import GENERATE, refused

pytestmark = pytest.mark.django_db

ENTRIES = "/api/v1/credits/entries"
INVALID = (400, "invalid_request")
STAFF = ledger.Why("olga", "the picture was upside down")


def entries(client: APIClient, **words: Any) -> Any:
    answer = client.get(ENTRIES, words)
    assert answer.status_code == 200, answer.json()
    return answer.json()["items"]


@pytest.fixture
def task_id(alice: APIClient, stub: Any) -> str:
    """Alice's task: 3 pictures ordered, 2 delivered, 5 credits refunded by Olga of the staff."""
    words = {"prompt": "stub:refuse=1", "num_images": 3}
    answer = alice.post(GENERATE, words, format="json").json()
    run_queue("local")
    hold = Transfer.objects.filter(kind=Kind.CAPTURE).values_list("hold_id", flat=True).get()
    assert hold is not None
    ledger.refund(hold, 5, key="a", why=STAFF)
    return str(answer["id"])


def test_statement_says_every_move_with_the_balance_after_it(
    alice: APIClient, task_id: str
) -> None:
    told = [
        (e["kind"], e["amount"], e["available_change"], e["held_change"], e["available_after"], e["held_after"], e["by"])
        for e in entries(alice)
    ]  # fmt: skip
    assert told == [
        ("refund", 5, 5, 0, 85, 0, "staff"),
        ("release", 10, 10, -10, 80, 0, "system"),
        ("capture", 20, 0, -20, 70, 10, "system"),
        ("hold", 30, -30, 30, 70, 30, "system"),
        ("grant", 100, 100, 0, 100, 0, "staff"),
    ]
    assert [e["task"] for e in entries(alice)] == [task_id] * 4 + [None]


def test_statement_names_nobody_of_the_staff(alice: APIClient, task_id: str) -> None:
    assert b"olga" not in alice.get(ENTRIES).content
    assert b"olga" not in b"".join(alice.get(ENTRIES + ".csv"))


def test_reasons_are_words_of_the_readers_language(alice: APIClient, task_id: str) -> None:
    english = alice.get(ENTRIES, HTTP_ACCEPT_LANGUAGE="en").json()["items"]
    chinese = alice.get(ENTRIES, HTTP_ACCEPT_LANGUAGE="zh-hans").json()["items"]
    assert [(e["reason_code"], e["reason"]) for e in english] == [
        (None, "the picture was upside down"),
        ("ai_generation", "generation"),
        ("ai_generation", "generation"),
        ("ai_generation", "generation"),
        (None, "a grant of the tests"),
    ]
    assert chinese[1]["reason_code"] == "ai_generation"
    assert chinese[1]["reason"] != "generation"
    assert chinese[0]["reason"] == "the picture was upside down", "staff's words stay as they are"


def test_cancel_is_no_failure(alice: APIClient, stub: Account) -> None:
    answer = alice.post(GENERATE, {"prompt": "a"}, format="json").json()
    alice.post(answer["cancel_url"])
    alice.post(GENERATE, {"prompt": "stub:fail"}, format="json")
    run_queue("local")
    words = {}
    for language in ("en", "zh-hans"):
        said: dict[str, Any] = {"HTTP_ACCEPT_LANGUAGE": language}
        found = alice.get(ENTRIES, {"kind": "release"}, **said).json()["items"]
        assert [e["reason_code"] for e in found] == [
            "ai_generation_failed", "ai_generation_canceled",
        ]  # fmt: skip
        words[language] = [e["reason"] for e in found]
        statement = b"".join(alice.get(ENTRIES + ".csv", **said)).decode()
        assert all(reason in statement for reason in words[language])
        lines = alice.get(f"/api/v1/tasks/{answer['id']}", **said).json()["credits"]["lines"]
        assert lines[-1]["reason"] == words[language][1]
    assert words == {
        "en": ["generation failed", "generation canceled"],
        "zh-hans": ["生成失败", "生成已取消"],
    }


def test_credits_that_expire_say_when(client_of: Callable[..., APIClient], shop: Platform) -> None:
    purse = ledger.open_purse(shop.pk, "alice")
    expires_at = datetime.now(UTC) + timedelta(days=3)
    ledger.grant(purse.pk, 5, key="a", why=STAFF, expires_at=expires_at)
    ledger.grant(purse.pk, 5, key="b", why=STAFF)
    later, sooner = entries(client_of("alice"))
    assert later["expires_at"] is None
    assert datetime.fromisoformat(sooner["expires_at"]) == expires_at


def test_filters_narrow_and_combine(alice: APIClient, task_id: str) -> None:
    alice.post(GENERATE, {"prompt": "a"}, format="json")
    assert [e["kind"] for e in entries(alice, kind="hold")] == ["hold", "hold"]
    assert len(entries(alice, task=task_id)) == 4
    assert [e["task"] for e in entries(alice, kind="hold", task=task_id)] == [task_id]
    assert entries(alice, kind="adjust") == []
    assert entries(alice, task=f"task_{new_id().hex}") == []


def test_times_bound_from_and_until(alice: APIClient, task_id: str) -> None:
    times = {e["kind"]: e["created_at"] for e in entries(alice)}
    captured, held = times["capture"], times["hold"]
    assert [e["kind"] for e in entries(alice, since=captured)] == ["refund", "release", "capture"]
    assert [e["kind"] for e in entries(alice, until=captured)] == ["hold", "grant"]
    assert [e["kind"] for e in entries(alice, since=held, until=captured)] == ["hold"]
    assert entries(alice, since=captured, until=held) == []
    moved = datetime.fromisoformat(captured) + timedelta(hours=8)
    shifted = moved.replace(tzinfo=None).isoformat() + "+08:00"
    assert len(entries(alice, since=shifted)) == 3, "the same moment, said in another zone"


@pytest.mark.parametrize(
    ("word", "value"),
    [("kind", "x"), ("kind", ""), ("kind", "GRANT"), ("kind", "grant,hold"), ("kind", "\0"),
     ("task", ""), ("task", "x"), ("task", "0" * 32), ("task", "art_" + "1" * 32), ("task", "task_" + "g" * 32),
     ("task", "\0"), ("since", ""), ("since", "today"), ("since", "2026-11-22"), ("since", "2026-11-22T10:00:00"),
     ("since", "2026-13-22T10:00:00Z"), ("since", "1764000000"), ("since", "\0"), ("until", "2026-11-22T25:00:00Z"),
     ("until", "2026-11-22T10:00:00"), ("until", "x"), ("user", ""), ("user", " "), ("user", "\0"),
     ("user", "x" * 201), ("limit", "0"), ("limit", "101"), ("limit", "x"), ("limit", ""), ("page", "1"),
     ("kinds", "hold"), ("format", "csv")],
)  # fmt: skip
def test_word_that_is_wrong_or_unknown_is_refused_by_name(
    alice: APIClient, word: str, value: str
) -> None:
    query = urlencode({word: value})
    refused(alice, f"{ENTRIES}?{query}", method="get", expect=(*INVALID, word))
    if word != "limit":
        refused(alice, f"{ENTRIES}.csv?{query}", method="get", expect=(*INVALID, word))


@pytest.mark.parametrize(
    "cursor", ["", "x", "cD14", "cD1vbmU%3D", "%00", "cD0xLjU%3D", f"cD0{'MQ' * 4000}"]
)
def test_cursor_that_is_none_of_ours_is_refused(alice: APIClient, cursor: str) -> None:
    path = f"{ENTRIES}?cursor={cursor}"
    refused(alice, path, method="get", expect=(400, "cursor_invalid"))


@pytest.fixture
def reader(client_of: Callable[..., APIClient], rich: Callable[..., Purse]) -> APIClient:
    """A purse of 45 grants, among others'."""
    purse = rich("alice", 0)
    for number in range(45):
        ledger.grant(purse.pk, number + 1, key=f"{number}", why=STAFF)
        ledger.grant(rich("bob", 0).pk, 1, key=f"bob-{number}", why=STAFF)
    return client_of("alice")


@pytest.mark.parametrize("limit", [7, 20, 45, 100])
def test_cursor_walks_everything_once_in_both_directions(reader: APIClient, limit: int) -> None:
    forward, page = [], reader.get(f"{ENTRIES}?limit={limit}").json()
    forward.append([item["amount"] for item in page["items"]])
    while page["next"]:
        page = reader.get(page["next"]).json()
        forward.append([item["amount"] for item in page["items"]])
    assert list(chain.from_iterable(forward)) == list(range(45, 0, -1))
    backward = [forward[-1]]
    while page["previous"]:
        page = reader.get(page["previous"]).json()
        backward.append([item["amount"] for item in page["items"]])
    assert backward == forward[::-1]


def test_filter_goes_with_the_cursor(reader: APIClient, shop: Platform) -> None:
    purse = ledger.open_purse(shop.pk, "alice")
    for number in range(5):
        ledger.adjust(purse.pk, -1, key=f"{number}", why=STAFF)
        ledger.grant(purse.pk, 1, key=f"more-{number}", why=STAFF)
    page = reader.get(f"{ENTRIES}?kind=adjust&limit=3").json()
    assert [item["kind"] for item in page["items"]] == ["adjust"] * 3
    rest = reader.get(page["next"]).json()
    assert [item["kind"] for item in rest["items"]] == ["adjust"] * 2
    assert rest["next"] is None


def test_new_entries_do_not_shift_the_pages_behind_a_cursor(
    reader: APIClient, shop: Platform
) -> None:
    page = reader.get(f"{ENTRIES}?limit=10").json()
    ledger.grant(ledger.open_purse(shop.pk, "alice").pk, 999, key="new", why=STAFF)
    following = reader.get(page["next"]).json()["items"]
    assert [item["amount"] for item in following[:10]] == list(range(35, 25, -1))


def test_page_costs_the_same_queries_whatever_its_length(
    alice: APIClient, task_id: str, django_assert_num_queries: Any
) -> None:
    for limit in (1, 5):
        # The key, which was noted as used a moment ago, the purse, the page.
        with django_assert_num_queries(3):
            assert len(entries(alice, limit=limit)) == limit


def test_user_the_hub_never_saw_has_no_entry(client_of: Callable[..., APIClient]) -> None:
    answer = client_of("stranger").get(ENTRIES).json()
    assert answer == {"items": [], "next": None, "previous": None}
    assert not Purse.objects.exists(), "reading opens no purse"


def test_platform_reads_each_of_its_users_by_name(
    reader: APIClient, client_of: Callable[..., APIClient]
) -> None:
    platform = client_of("")
    refused(platform, ENTRIES, method="get", expect=(*INVALID, "user"))
    refused(platform, f"{ENTRIES}.csv", method="get", expect=(*INVALID, "user"))
    assert {e["amount"] for e in entries(platform, user="bob")} == {1}


def test_others_see_nothing_of_it(reader: APIClient, client_of: Callable[..., APIClient]) -> None:
    press = Platform.objects.create(code="press", name="Press")
    assert entries(client_of("", platform=press), user="alice") == []
    assert entries(client_of("alice", platform=press)) == []
    for path in (ENTRIES, f"{ENTRIES}.csv"):
        expect = (403, "wrong_user")
        refused(client_of("mallory"), f"{path}?user=alice", method="get", expect=expect)
    link = reader.get(f"{ENTRIES}?limit=5").json()["next"]
    assert {e["amount"] for e in client_of("bob").get(link).json()["items"]} <= {1}


def test_foreign_task_finds_nothing(
    task_id: str, mallory: APIClient, client_of: Callable[..., APIClient]
) -> None:
    assert Task.objects.get().pk == from_wire("task", task_id)
    assert entries(mallory, task=task_id) == []
    assert entries(client_of(""), user="mallory", task=task_id) == []
    assert entries(client_of(""), user="alice", task=quote(task_id))
