"""An assistant orders pictures by the hub's tools: with its key's rights and budget, once, and by itself."""

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from jsonschema import Draft202012Validator
from mcp import MCPError
from rest_framework.test import APIClient

from credits.models import Budget, Hold, Purse
from generation.api.compat.mcp.deeds import DEEDS
from generation.api.compat.mcp.pictures import MOST_BYTES, show_pictures
from generation.api.compat.mcp.server import THREADS
from generation.api.compat.mcp.words import TOOLS
from generation.api.serializers import GenerateSerializer
from generation.life import claims
from generation.life.attempt_ends import complete, fail
from generation.models import Account, Task
from generation.providers.errors import ProviderError
from genhub.lib.ids import to_wire
from genhub.platforms.models import ApiKey
from storage.models import Artifact
from tests.api.refusals import books, header_of
from tests.faults.processes import wait_until
from tests.front.web import HOST, Web
from tests.live.assistants import Assistant, pictures_of, text_of
from tests.live.streams import Follow
from tests.patience import patience
from tests.steps import claim, collect, submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("live")]
Meet = Callable[..., Assistant]
WEBP, SMALL = b"RIFF", b"\xff\xd8small"
ORDER = json.dumps(
    {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
     "params": {"name": "generate_image", "arguments": {"prompt": "a star", "wait_seconds": 0}}}
).encode()  # fmt: skip


@pytest.fixture(autouse=True)
def _provider(stub: Account) -> None:
    """Orders have where to go."""


@pytest.fixture
def meet(web: Web, alice: APIClient) -> Iterator[Meet]:
    """Meet an assistant of alice's, or of another client's."""
    with ThreadPoolExecutor(4) as threads:
        yield lambda client=alice, **words: Assistant(web, client, threads, **words)


def say(
    web: Web, client: APIClient, body: bytes = ORDER, method: str = "POST", **headers: str
) -> Any:
    """Send one message as it stands on the wire."""
    usual = {
        "Authorization": header_of(client)["HTTP_AUTHORIZATION"],
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
    }
    return web.ask(method, "/mcp", body, headers=usual | headers)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_an_order_is_waited_for_and_answered_with_its_picture(
    web: Web, meet: Meet, mode: str
) -> None:
    assistant = meet(mode=mode)
    waiting = assistant.begin("generate_image", prompt="a star", width=64, height=64, seed=7)
    wait_until(lambda: len(assistant.told) == 1, 30, "the first step")
    found = claim()
    claims.heartbeat(found, progress=0.4, preview=SMALL)
    wait_until(lambda: len(assistant.told) == 2, 30, "the second step")
    looked = meet(mode=mode).call("get_task", task_id=to_wire("task", Task.objects.get().pk))
    assert [base64.b64decode(part.data) for part in pictures_of(looked)] == [SMALL]
    assert "preview" not in looked.structured_content
    complete(found, collect(found))
    result = waiting.result(patience())
    task = Task.objects.get()
    assert not result.is_error, text_of(result)
    body = result.structured_content
    assert json.loads(text_of(result)) == body
    assert (body["id"], body["status"]) == (to_wire("task", task.pk), "completed")
    assert body["credits"]["captured"] == task.price > 0
    assert task.request_id, "the order names the request that brought it"
    [picture] = pictures_of(result)
    data = base64.b64decode(picture.data)
    assert (picture.mime_type, data[:4]) == ("image/webp", WEBP)
    [link] = body["links"]
    answer = web.ask("GET", link[link.index("/files/") :])
    assert answer.body == data
    assert [done for done, _ in assistant.told] == [0.0, 0.4, 1.0]


def test_every_tool_says_what_it_takes(meet: Meet) -> None:
    found = {tool.name: tool for tool in meet().tools()}
    assert found.keys() == DEEDS.keys() == TOOLS.keys()
    order = found["generate_image"].input_schema
    words = order["properties"]
    assert words.keys() == {*GenerateSerializer().fields, "wait_seconds", "idempotency_key"} - {
        "type"
    }
    assert words["num_images"] | {"description": ""} == {
        "type": "integer", "minimum": 1, "maximum": 9, "description": "",
    }  # fmt: skip
    assert words["loras"]["items"]["required"] == ["name"]
    assert words["references"] | {"description": ""} == {
        "type": "array", "items": {"type": "string"}, "maxItems": 16, "description": "",
    }  # fmt: skip
    assert found["get_task"].input_schema["required"] == ["task_id"]
    assert not [name for name, tool in found.items() if not (tool.description and tool.title)]
    for tool in found.values():
        Draft202012Validator.check_schema(tool.input_schema)
    chinese = meet(headers={"Accept-Language": "zh-hans"}).tools()
    assert {tool.title for tool in chinese} & {tool.title for tool in found.values()} == set()


def test_two_calls_with_one_key_are_one_order(meet: Meet, rich: Any) -> None:
    assistant = meet()
    words = {"prompt": "a star", "idempotency_key": "mine", "wait_seconds": 0}
    first, second = (assistant.call("generate_image", **words).structured_content for _ in range(2))
    assert (first["id"], first["status"]) == (second["id"], "pending")
    assert (Task.objects.count(), Hold.objects.count()) == (1, 1)
    other = assistant.call("generate_image", **{**words, "prompt": "a moon"})
    assert other.structured_content["code"] == "idempotency_key_reused"
    canceled = assistant.call("cancel_task", task_id=first["id"])
    assert canceled.structured_content["status"] == "canceled"
    assert canceled.structured_content["credits"]["released"] == first["credits"]["held"]
    # The wait for what has ended is none.
    again = assistant.call("get_task", task_id=first["id"], wait_seconds=300)
    assert (again.structured_content["status"], again.is_error) == ("canceled", False)


def test_a_refusal_says_what_is_wrong_and_how_to_mend_it(
    meet: Meet, alice: APIClient, client_of: Callable[..., APIClient]
) -> None:
    others = to_wire("task", submit(alice).pk)
    bob = meet(client_of("bob"))
    before = books()
    cases: list[tuple[str, dict[str, Any], str, str | None]] = [
        ("generate_image", {"prompt": "a", "width": 17}, "invalid_request", "width"),
        ("generate_image", {"prompt": "a", "model": "nope"}, "invalid_request", "model"),
        ("generate_image", {"prompt": "a", "sise": "big"}, "invalid_request", "sise"),
        ("generate_image", {}, "invalid_request", "prompt"),
        ("generate_image", {"prompt": "a", "wait_seconds": 301}, "invalid_request", "wait_seconds"),
        ("generate_image", {"prompt": "a", "idempotency_key": 7}, "invalid_request", "idempotency_key"),
        ("generate_image", {"prompt": "a", "idempotency_key": "a\nb"}, "invalid_request", "Idempotency-Key"),
        ("generate_image", {"prompt": "a"}, "insufficient_credits", None),
        ("get_task", {}, "invalid_request", "task_id"),
        ("get_task", {"task_id": others, "wait_seconds": 60}, "not_found", None),
        ("get_task", {"task_id": f"{others}/events"}, "not_found", None),
        ("get_task", {"task_id": "../credits"}, "not_found", None),
        ("cancel_task", {"task_id": others}, "not_found", None),
        ("list_templates", {"all": True}, "invalid_request", "all"),
        ("get_credits", {"user": "alice"}, "wrong_user", None),
    ]  # fmt: skip
    for tool, said, code, field in cases:
        result = bob.call(tool, **said)
        body, text = result.structured_content, text_of(result)
        assert (result.is_error, body["code"]) == (True, code), (tool, said, body)
        assert text.startswith(f"{code}: {body['title']}. {body['detail']}")
        assert field is None or [error["field"] for error in body["errors"]] == [field]
        assert field is None or f"- {field}: " in text
    assert books() == before
    with pytest.raises(MCPError, match="Unknown tool"):
        bob.call("draw")
    chinese = meet(bob.client, headers={"Accept-Language": "zh-hans"}).call("get_task")
    assert chinese.structured_content["title"] not in text_of(bob.call("get_task"))


def test_a_key_orders_within_its_budget(meet: Meet, alice: APIClient, recipes: None) -> None:
    Budget.objects.create(api_key=ApiKey.objects.get(), period="total", most=10)
    assistant = meet()
    [template, *_] = assistant.call("list_templates").structured_content["items"]
    assert {"code", "parameters", "price"} <= template.keys()
    assert not assistant.call("generate_image", prompt="a star", wait_seconds=0).is_error
    second = assistant.call("generate_image", prompt="a star", wait_seconds=0)
    assert second.structured_content["code"] == "budget_spent"
    credits = assistant.call("get_credits").structured_content
    assert (credits["available"], credits["held"]) == (90, 10)
    [budget] = credits["budgets"]
    assert budget["spent"] == 10
    assert Task.objects.count() == 1


def test_a_task_that_fails_is_an_error_that_cost_nothing(meet: Meet) -> None:
    assistant = meet()
    waiting = assistant.begin("generate_image", prompt="a star")
    wait_until(lambda: Task.objects.filter(state="pending").exists(), 30, "the order")
    fail(claim(), ProviderError("no", code="content_refused"))
    result = waiting.result(patience())
    body = result.structured_content
    assert (result.is_error, body["status"]) == (True, "failed")
    assert body["error"]["code"] == "content_refused"
    assert (body["credits"]["captured"], body["credits"]["released"]) == (0, 10)
    assert not assistant.call("get_task", task_id=body["id"]).is_error, "to read it went well"


def test_a_key_that_is_revoked_meanwhile_is_told_of_its_order_and_no_more(
    web: Web, meet: Meet, alice: APIClient
) -> None:
    assistant = meet()
    waiting = assistant.begin("generate_image", prompt="a star", wait_seconds=300)
    wait_until(lambda: Task.objects.filter(state="pending").exists(), 30, "the order")
    ApiKey.objects.get().revoke()
    body = waiting.result(patience()).structured_content
    assert (body["id"], body["status"]) == (to_wire("task", Task.objects.get().pk), "pending")
    assert say(web, alice).status == 401


def test_what_is_no_assistant_is_refused(
    web: Web, alice: APIClient, client_of: Callable[..., APIClient], settings: Any
) -> None:
    here = f"http://{HOST}:{web.port}"
    words = {"origins": [here], "user": "alice", "max_credits": 50}
    minted = client_of("").post("/api/v1/tokens", words, format="json").json()
    token = {"Authorization": f"Bearer {minted['token']}"}
    cases: list[tuple[dict[str, str], int, str]] = [
        ({"Authorization": "Basic eDp5"}, 401, "key_missing"),
        ({"Authorization": "Bearer nope"}, 401, "key_invalid"),
        (token, 403, "token_not_enough"),
        ({"Origin": "https://evil.example"}, 403, "foreign_page"),
        ({"Origin": "null"}, 403, "foreign_page"),
    ]
    before = books()
    for headers, status, code in cases:
        for language in ("en", "zh-hans"):
            answer = say(web, alice, ORDER, **headers, **{"Accept-Language": language})
            assert (answer.status, answer.json()["code"]) == (status, code), headers
    foreign = alice.post("/mcp", HTTP_HOST="evil.example")
    assert (foreign.status_code, foreign.json()["code"]) == (400, "request_refused")
    assert say(web, alice, ORDER, method="GET").json()["code"] == "method_not_allowed"
    assert (
        say(web, alice, b"{" * (settings.API_MAX_BODY_BYTES + 1)).json()["code"] == "body_too_large"
    )
    assert books() == before
    taken = say(web, alice, ORDER, Origin=here)
    assert taken.status == 200
    assert taken.headers["x-request-id"] == Task.objects.get().request_id
    assert taken.headers["ratelimit"].startswith('"reads"')


def test_a_message_counts_once_and_an_order_besides(web: Web, meet: Meet, alice: APIClient) -> None:
    ApiKey.objects.update(reads_per_minute=3, writes_per_minute=1)
    first, second = (say(web, alice, ORDER) for _ in range(2))
    assert [answer.headers["ratelimit"].split(";")[1] for answer in (first, second)] == [
        "r=2",
        "r=1",
    ]
    assert b"rate_limited" in second.body
    task_id = to_wire("task", Task.objects.get().pk)
    called = {"name": "get_task", "arguments": {"task_id": task_id}}
    look = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": called}
    assert task_id.encode() in say(web, alice, json.dumps(look).encode()).body
    refused = say(web, alice, json.dumps(look).encode())
    assert (refused.status, refused.json()["code"]) == (429, "rate_limited")


def test_pictures_beyond_a_mebibyte_are_shown_small(stub: Account, alice: APIClient) -> None:
    task = submit(alice, num_images=2)
    found = claim()
    complete(found, collect(found))
    whole = show_pictures(task.platform_id, "alice", to_wire("task", task.pk))
    assert [one.content_type for one in whole] == ["image/webp"] * 2
    Artifact.objects.update(size_bytes=MOST_BYTES + 1)
    small = show_pictures(task.platform_id, "alice", to_wire("task", task.pk))
    assert [(one.content_type, one.data[:2]) for one in small] == [("image/jpeg", b"\xff\xd8")] * 2
    # Together they may have that much.
    Artifact.objects.update(size_bytes=MOST_BYTES)
    mixed = show_pictures(task.platform_id, "alice", to_wire("task", task.pk))
    assert [one.content_type for one in mixed] == ["image/webp", "image/jpeg"]
    assert show_pictures(task.platform_id, "mallory", to_wire("task", task.pk)) == []


def test_no_stream_waits_for_orders_that_wait(meet: Meet, alice: APIClient, follow: Follow) -> None:
    assistant = meet()
    with transaction.atomic():
        Purse.objects.select_for_update().get()
        words = {"prompt": "a star", "wait_seconds": 0}
        calls = [assistant.begin("generate_image", **words) for _ in range(THREADS)]
        wait_until(lambda: count_blocked() == THREADS, 30, "the orders' wait for the purse")
        follow("/api/v1/events").await_greeting()
    assert not [call for call in calls if call.result(patience()).is_error]
    assert Task.objects.count() == THREADS


def count_blocked() -> int:
    """Return how many connections to this database wait for a lock."""
    with connection.cursor() as cursor:
        # A transaction sees one picture of who is there, unless it lets go of it.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def test_a_long_message_comes_through_whole(meet: Meet) -> None:
    result = meet().call("generate_image", prompt="a" * 500_000)
    [error] = result.structured_content["errors"]
    assert (error["field"], error["code"]) == ("prompt", "max_length")
