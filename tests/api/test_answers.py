"""Answers are as the document says, to the last field, and what it shows of them the hub has said.

EXAMPLES=record writes what is shown anew, from the answers of this run.
"""

import json
import os
import re
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from credits.models import GrantRule, Purse
from generation.api.live.application import read_missed
from generation.api.live.lines import greet
from generation.api.live.watch import Reader, Watch
from generation.life.events import place_events
from generation.models import Account
from generation.work.run import run_queue
from genhub.api.operations import EXAMPLES, JSON, component_of, read_examples
from genhub.lib.errors import Problem
from genhub.lib.ids import from_wire
from genhub.platforms.models import Platform, Scope
from genhub.retention import erasing
from tests.api.batches import prompts, send
from tests.api.documented import find_mistakes, read_document
from tests.api.refusals import GENERATE
from tests.api.sent_files import send_file
from tests.api.test_keys import PIXEL
from tests.api.test_schema import operations
from tests.moderation.made import make_appeal
from tests.webhooks.made import make_ids

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recipes")]
ORIGIN = "https://app.example.com"
QUARTER_TURN = {"action": "rotate", "degrees": 90}
# What needs a key of the platform's own, or a scope that alice's has not.
OF_PLATFORMS = ("webhooks", "/keys/", "/erasures", "/v1/storage")
# Of webhooks one as the makers of Standard Webhooks show it; a real one is nobody's to read.
SECRETS = {"whsec": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "tok": f"tok_{'x' * 43}"}


def answer_of(operation: Any) -> tuple[str, Any] | None:
    """Return the component that an operation answers in JSON, and its schema."""
    for status, response in operation["responses"].items():
        if status.startswith("2") and (content := response.get("content", {}).get(JSON)):
            return component_of(content["schema"]), content["schema"]
    return None


def body_of(operation: Any) -> dict[str, Any]:
    """Return the words that send the first example of a body."""
    content = operation.get("requestBody", {}).get("content", {})
    if JSON not in content:
        return {"data": PIXEL, "content_type": "image/png"} if content else {}
    [example, *_] = content[JSON]["examples"].values()
    return {"data": json.dumps(example["value"]), "content_type": JSON}


def test_each_answer_is_as_the_document_says(
    client_of: Callable[..., APIClient], alice: APIClient, rich: Callable[..., Purse], stub: Account,
    shop: Platform,
) -> None:  # fmt: skip
    GrantRule.objects.create(platform=shop, kind="ad_reward", daily_most_per_user=50, daily_most=80)
    apps = client_of("", scopes=[scope.value for scope in Scope])
    stub.offers.create(alias="larger", options={"treatment": "upscale"})
    rich("alice", 50)
    order = {
        "prompt": "a yellow star on a purple background",
        "metadata": {"order": "4711"},
        "subject": "hero",
    }
    batch = send(alice, orders=prompts("a red circle"))
    made = alice.post(GENERATE, order, format="json", HTTP_X_REQUEST_ID="order-4711").json()
    run_queue("local")
    token = alice.post(
        "/api/v1/tokens", {"origins": [ORIGIN], "max_credits": 1}, format="json"
    ).json()
    ids = {"task_id": made["id"], "batch_id": batch["id"], "name": "hero", "token_id": token["id"]}
    ids |= make_ids(shop)
    [image] = alice.get(made["result_url"]).json()["images"][:1]
    ids["artifact_id"] = image["id"]
    picture = f"/api/v1/artifacts/{image['id']}"
    alice.post(f"{picture}/edits", {"operations": [QUARTER_TURN]}, format="json")
    ids["upload_id"] = send_file(alice)
    alice.post(f"{picture}/links", {"name": "star"}, format="json")
    make_appeal(made["id"])
    ids["erasure_id"] = str(erasing.ask(shop.pk, "bob", by="tests"))
    found: dict[str, Any] = {}
    # What is only read first: it tells of more.
    for (path, method), operation in sorted(
        operations(read_document()).items(), key=lambda each: (each[0][1] != "get", each[0])
    ):
        if not (answered := answer_of(operation)):
            continue
        name, schema = answered
        fresh = {}
        if path.endswith("/cancel"):
            batch = send(alice, orders=prompts("a star"))
            fresh = {"batch_id": batch["id"], "task_id": batch["tasks"][0]["id"]}
        needs_platform = any(word in path for word in OF_PLATFORMS) or path.endswith("grants")
        client = apps if needs_platform else alice
        answer = client.generic(
            method.upper(), path.format(**{**ids, **fresh}), **body_of(operation)
        )
        # Here no worker lives, and health says so.
        assert answer.status_code < 300 or path.endswith("/health"), (path, answer.content)
        value = answer.json()
        assert find_mistakes(schema, value) == [], (method, path)
        found.setdefault(name, value)
    found |= {"EventStream": follow(shop, made["id"]), "Statement": read_statement(alice)}
    if os.environ.get("EXAMPLES") == "record":
        record(found)
    shown = read_examples()
    assert set(shown) == set(found), "EXAMPLES=record"
    for name, value in found.items():
        assert shape(shown[name]) == shape(value), name


def follow(platform: Platform, task_id: str) -> str:
    """Return what a task's stream says that is opened after its end."""
    reader = Reader("en", "http://testserver")
    watch = Watch("", platform.pk, "alice", from_wire("task", task_id), reader, after=None)
    place_events()
    data, *_ = read_missed(watch, 0, 0)
    return (greet(None) + data).decode()


def read_statement(client: APIClient) -> str:
    """Return a statement as a file."""
    return b"".join(client.get("/api/v1/credits/entries.csv")).decode("utf-8-sig")


def shape(value: Any) -> Any:
    """Return which fields an answer has; those of lists and of what callers name themselves are their own. Of a text
    its first line, and the names of its events with the fields of their data."""
    if not isinstance(value, str):
        return sorted(value) if isinstance(value, dict) else type(value)
    events = re.findall(r"^event: (.*)\ndata: (.*)$", value, re.MULTILINE)
    return value.partition("\n")[0], [(name, sorted(json.loads(data))) for name, data in events]


def record(found: dict[str, Any]) -> None:
    """Write the answers for readers: from a hub that has a name."""
    for value in found.values():
        if isinstance(value, dict) and "secret" in value:
            value["secret"] = SECRETS[value["secret"].partition("_")[0]]
        if isinstance(value, dict) and "key" in value:
            value["key"] = f"{value['prefix']}.{'x' * 40}"
    text = json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True)
    EXAMPLES.write_text(text.replace("http://testserver", "https://hub.example") + "\n")
    read_examples.cache_clear()
    read_document.cache_clear()


def test_each_example_is_as_its_schema_says() -> None:
    document = read_document()
    shown = document["components"]["examples"]
    tried = 0
    for (path, method), operation in operations(document).items():
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in bodies:
            for kind, content in body.get("content", {}).items():
                if "json" not in kind:
                    continue
                assert content["examples"], (path, method)
                for example in content["examples"].values():
                    whole = shown[component_of(example)] if "$ref" in example else example
                    mistakes = find_mistakes(content["schema"], whole["value"])
                    assert mistakes == [], (path, method, example)
                    tried += 1
    assert tried > 100


def test_each_operation_shows_a_request_and_a_success() -> None:
    for (path, method), operation in operations(read_document()).items():
        answered = {
            status: response
            for status, response in operation["responses"].items()
            if status.startswith(("2", "3"))
        }
        assert answered, (path, method)
        for body in (operation.get("requestBody", {}), *answered.values()):
            for kind, content in body.get("content", {}).items():
                # A file of pixels is shown by nobody.
                is_file = content["schema"].get("format") == "binary"
                assert bool(content.get("examples")) != is_file, (path, method, kind)


def test_codes_are_those_of_their_status() -> None:
    for (path, method), operation in operations(read_document()).items():
        for status, response in operation["responses"].items():
            is_refusal = "application/problem+json" in response.get("content", {})
            assert is_refusal == bool(response.get("x-codes")), (path, method, status)
            for code in response.get("x-codes", ()):
                kind = Problem.kinds.get(code, Problem)
                assert kind.code == code
                assert status in {str(kind.status), "default"}, (path, method, code)


def test_each_answer_names_its_headers() -> None:
    for (path, method), operation in operations(read_document()).items():
        for status, response in operation["responses"].items():
            assert "X-Request-ID" in response["headers"], (path, method)
            waits = status in {"429", "503", "default"} or "idempotency_key_in_use" in response.get(
                "x-codes", ()
            )
            assert ("Retry-After" in response["headers"]) == waits, (path, status)
            assert ("WWW-Authenticate" in response["headers"]) == (status == "401")
            if status == "302":
                assert "Location" in response["headers"]
        if "304" in operation["responses"]:
            tagged = operation["responses"].keys() & {"200", "302"}
            assert tagged
            assert all("ETag" in operation["responses"][each]["headers"] for each in tagged)
