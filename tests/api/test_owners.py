"""What belongs to somebody else does not exist: every route with an id, every wrong owner."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from django.db.models import F
from django.urls import URLPattern
from rest_framework.test import APIClient

from generation.models import Account
from generation.work.run import run_queue
from genhub.platforms.models import Platform, Scope
from genhub.retention import erasing
from genhub.urls import API
from storage.models import Artifact
from tests.api.refusals import GENERATE, check_problem, nothing_moves, refused
from tests.api.test_keys import SCOPES
from tests.moderation.made import make_appeal
from tests.webhooks.made import make_ids

pytestmark = [pytest.mark.whole, pytest.mark.django_db, pytest.mark.usefixtures("stub")]

WITH_ID = [route for route in API if "<" in str(route.pattern)]
EVERY = [(route, method) for route in WITH_ID for method in SCOPES[str(route.name)]]
PREFIXES = {
    "task_id": "task", "artifact_id": "art", "endpoint_id": "ep", "delivery_id": "dlv", "name": "subject",
    "token_id": "btk", "batch_id": "batch", "link_id": "lnk", "upload_id": "upl", "erasure_id": "ers",
}  # fmt: skip
NOT_FOUND = (404, "not_found")
WHOSE = (400, "invalid_request", "user")


@pytest.fixture
def ids(alice: APIClient, stub: Account) -> dict[str, str]:
    """Alice's finished batch of one task, its picture and its subject."""
    body = {"orders": [{"prompt": "a star", "subject": "hero"}]}
    batch = alice.post("/api/v1/batches", body, format="json").json()
    [answer] = batch["tasks"]
    run_queue("local")
    result = alice.get(answer["result_url"]).json()
    made = {
        "task_id": answer["id"], "artifact_id": result["images"][0]["id"], "batch_id": batch["id"],
        "name": "hero",
    }  # fmt: skip
    share = f"/api/v1/artifacts/{made['artifact_id']}/links"
    made["link_id"] = alice.post(share, {}, format="json").json()["id"]
    file = {"content_type": "image/png", "size_bytes": 69}
    made["upload_id"] = alice.post("/api/v1/uploads", file, format="json").json()["id"]
    words = {"origins": ["https://app.example.com"], "max_credits": 1}
    made["erasure_id"] = str(erasing.ask(Platform.objects.get(code="shop").pk, "alice", by="tests"))
    Artifact.objects.update(poster_key=F("key"))
    made["token_id"] = alice.post("/api/v1/tokens", words, format="json").json()["id"]
    make_appeal(made["task_id"])
    return made | make_ids(Platform.objects.get(code="shop"))


@pytest.fixture
def strangers(
    client_of: Callable[..., APIClient], rich: Callable[..., Any]
) -> dict[str, APIClient]:
    """Everybody whom Alice's task is none of the business of."""
    press = Platform.objects.create(code="press", name="Press")
    rich("mallory", 100)
    return {
        "another user": client_of("mallory", scopes=Scope.values),
        "alice of another platform": client_of("alice", platform=press, scopes=Scope.values),
        "another platform": client_of("", platform=press, scopes=Scope.values),
        "a user whose name begins alike": client_of("alice2", scopes=Scope.values),
        "a user in capitals": client_of("ALICE", scopes=Scope.values),
    }


def address(route: URLPattern, ids: dict[str, str]) -> str:
    path = str(route.pattern)
    for name, value in ids.items():
        path = path.replace(f"<str:{name}>", value)
    assert "<" not in path, "a route with an id that these tests do not know"
    return f"/api/v1/{path}"


# What is refused changes nothing, so all routes are tried on one batch.
def test_foreign_id_is_not_found(ids: dict[str, str], strangers: dict[str, APIClient]) -> None:
    for (route, method), (name, stranger) in product(EVERY, strangers.items()):
        # What concerns all users of a platform is nobody's whose key is one user's.
        is_closed = "endpoint_id" in str(route.pattern) and name != "another platform"
        expect = (403, "platform_key_needed") if is_closed else NOT_FOUND
        # A subject is one of many users' of this name: a platform's key must say whose.
        path = address(route, ids)
        if route.name == "subject" and name == "another platform":
            refused(stranger, path, method=method, expect=WHOSE)
            path += "?user=alice"
        refused(stranger, path, method=method, expect=expect)


def test_foreign_id_answers_like_an_id_that_never_was(
    ids: dict[str, str], mallory: APIClient, strangers: dict[str, APIClient]
) -> None:
    nobody = {name: f"{PREFIXES[name]}_{'1' * 32}" for name in ids}
    for (route, method), stranger in product(EVERY, (mallory, strangers["another platform"])):
        foreign, unknown = (
            stranger.generic(method.upper(), address(route, some)).json() for some in (ids, nobody)
        )
        assert foreign == unknown, (route, method)


@pytest.mark.parametrize(
    "wrong",
    ["x", "task_", "task_1", "art_x", "task", "%00", "task_%00", "..", "0", "null", "task_" + "g" * 32,
     "task_" + "-" * 32, "TASK_" + "0" * 32, "task_" + "0" * 31, "task_" + "0" * 33, "%E5%9B%BE", "task_" + "%EF%BC%91" * 32],
)  # fmt: skip
def test_id_that_is_none_is_not_found(alice: APIClient, wrong: str) -> None:
    for path in (f"tasks/{wrong}/status", f"tasks/{wrong}/result", f"artifacts/{wrong}/thumbnail"):
        refused(alice, f"/api/v1/{path}", method="get", expect=NOT_FOUND)


def test_ids_are_not_taken_for_each_other(alice: APIClient, ids: dict[str, str]) -> None:
    refused(alice, f"/api/v1/tasks/{ids['artifact_id']}", method="get", expect=NOT_FOUND)
    refused(alice, f"/api/v1/artifacts/{ids['task_id']}", method="get", expect=NOT_FOUND)
    digits = ids["task_id"].removeprefix("task_")
    refused(alice, f"/api/v1/tasks/art_{digits}", method="get", expect=NOT_FOUND)
    refused(alice, f"/api/v1/tasks/{digits}", method="get", expect=NOT_FOUND)


def test_owner_and_platform_see_the_task(
    alice: APIClient, ids: dict[str, str], client_of: Callable[..., APIClient]
) -> None:
    whole = {"scopes": Scope.values}
    for reader in (client_of("alice", **whole), client_of("", **whole)):
        for route in WITH_ID:
            if "get" in SCOPES[str(route.name)] and "endpoint_id" not in str(route.pattern):
                # Streams open in a process of their own; here, whoever may follow is told so.
                opened = {503} if route.name == "task-events" else {200, 302}
                assert reader.get(address(route, ids)).status_code in opened


def test_lists_hold_only_what_the_caller_may_see(
    ids: dict[str, str], strangers: dict[str, APIClient], client_of: Callable[..., APIClient]
) -> None:
    for stranger in strangers.values():
        for path in ("/api/v1/tasks", "/api/v1/tasks?page=1", "/api/v1/batches"):
            assert stranger.get(path).json()["items"] == []
    assert strangers["another user"].get("/api/v1/tasks?page=1").json()["total"] == 0
    press = strangers["another platform"]
    assert press.get("/api/v1/tasks?user=alice").json()["items"] == []
    assert press.get("/api/v1/credits?user=alice").json()["available"] == 0
    assert press.get("/api/v1/credits/entries?user=alice").json()["items"] == []
    assert len(b"".join(press.get("/api/v1/credits/entries.csv?user=alice")).splitlines()) == 1
    assert [task["id"] for task in client_of("").get("/api/v1/tasks").json()["items"]] == [
        ids["task_id"]
    ]


WRONG_USER = (403, "wrong_user")


def test_users_key_speaks_for_no_other_user(mallory: APIClient, ids: dict[str, str]) -> None:
    body = {"prompt": "a star", "user": "alice"}
    refused(mallory, GENERATE, body=body, expect=WRONG_USER)
    for path in (
        "/api/v1/tasks?user=alice",
        "/api/v1/tasks?page=1&user=alice",
        "/api/v1/batches?user=alice",
        "/api/v1/credits?user=alice",
        "/api/v1/credits/entries?user=alice",
        "/api/v1/credits/entries.csv?user=alice",
    ):
        refused(mallory, path, method="get", expect=WRONG_USER)


def test_users_key_may_name_its_own_user(alice: APIClient, ids: dict[str, str]) -> None:
    answer = alice.post(GENERATE, {"prompt": "a", "user": "alice"}, format="json")
    assert answer.status_code == 202
    assert len(alice.get("/api/v1/tasks?user=alice").json()["items"]) == 2
    assert alice.get("/api/v1/credits?user=alice").status_code == 200


def test_platforms_key_must_say_for_whom(client_of: Callable[..., APIClient]) -> None:
    platform = client_of("")
    expect = (400, "invalid_request", "user")
    refused(platform, GENERATE, body={"prompt": "a star"}, expect=expect)
    for path in ("credits", "credits/entries", "credits/entries.csv"):
        refused(platform, f"/api/v1/{path}", method="get", expect=expect)


@pytest.mark.parametrize("user", ["", "%20", "%00", "a%00b", "x" * 201])
def test_user_in_the_address_must_be_a_name(client_of: Callable[..., APIClient], user: str) -> None:
    expect = (400, "invalid_request", "user")
    for key in (client_of(""), client_of("alice")):
        for path in ("tasks", "credits", "credits/entries", "credits/entries.csv"):
            refused(key, f"/api/v1/{path}?user={user}", method="get", expect=expect)


def test_purses_of_one_name_on_two_platforms_are_two(
    client_of: Callable[..., APIClient], rich: Callable[..., Any]
) -> None:
    rich("alice", 100)
    press = Platform.objects.create(code="press", name="Press")
    stranger = client_of("alice", platform=press)
    refused(stranger, GENERATE, body={"prompt": "a star"}, expect=(402, "insufficient_credits"))


def test_foreign_cancel_touches_nothing(alice: APIClient, mallory: APIClient) -> None:
    task = alice.post(GENERATE, {"prompt": "a star"}, format="json").json()
    with nothing_moves():
        check_problem(mallory.post(task["cancel_url"]), *NOT_FOUND)
    assert alice.get(task["check_status_url"]).json()["status"] == "pending"


def test_platform_key_may_cancel_for_its_user(
    alice: APIClient, client_of: Callable[..., APIClient]
) -> None:
    task = alice.post(GENERATE, {"prompt": "a star"}, format="json").json()
    assert client_of("").post(task["cancel_url"]).json()["status"] == "canceled"
