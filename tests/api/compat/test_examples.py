"""What each dialect's document shows, the hub has said: answers are as their schemas say, to the last field, and the
examples of requests, answers and refusals are those of today.

EXAMPLES=record writes what is shown anew, from the answers of this run.
"""

import json
import os
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from credits.models import Purse
from generation.models import Account
from genhub.api.operations import DIALECT_EXAMPLES, JSON, read_dialect_examples
from genhub.platforms.models import Scope
from genhub.urls import DIALECTS
from tests.api.compat.talking import (
    REQUEST,
    Talk,
    documented,
    talk_of_clips,
    talk_of_pictures,
    talk_of_predictions,
    talk_of_webui,
)
from tests.api.documented import find_mistakes, read_dialect
from tests.offers import place

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recipes")]
LONG = re.compile(r"[A-Za-z0-9+/]{200,}={0,2}")
SHOWN_LETTERS = 60


@pytest.fixture
def talk(alice: APIClient, rich: Callable[..., Purse], stub: Account) -> Talk:
    """Somebody who has credits, at a hub with pictures, clips, LoRAs and samplers."""
    rich("alice", 5000)
    ink = {"name": "ink", "file": "/x/ink.safetensors", "scale": 0.8, "is_usual": False}
    place(stub.offers.get(), loras=[ink])
    stub.offers.update(options={"samplers": ["Euler"]})
    small = {"default_width": 128, "default_height": 64, "smallest_side": 16, "default_seconds": 1}
    stub.offers.create(alias="reel", media_types=["video"], durations=[1, 2], **small)
    return Talk(alice, {"name": "z-image-small", "owner": "genhub", "version": "z-image-small"})


def test_each_answer_is_as_its_document_says(talk: Talk) -> None:
    talk_of_pictures(talk)
    talk_of_clips(talk)
    talk_of_predictions(talk)
    talk_of_webui(talk)
    found = json.loads(
        LONG.sub(lambda match: f"{match[0][:SHOWN_LETTERS]}…", json.dumps(talk.found))
    )
    if os.environ.get("EXAMPLES") == "record":
        record(found)
    shown = read_dialect_examples()
    for dialect in DIALECTS:
        components = read_dialect(dialect.name)["components"]
        for name, operation in documented(dialect.name):
            parts = {REQUEST: operation.get("requestBody", {}), **operation["responses"]}
            for part, told in parts.items():
                if part != REQUEST and not part.startswith("2"):
                    continue
                for kind, content in told.get("content", {}).items():
                    value = talk.found[name][part][kind]
                    if kind == JSON:
                        assert find_mistakes(content["schema"], value, components) == [], name
                    assert shape(shown[name][part][kind]) == shape(found[name][part][kind]), name
                    assert content["examples"][part]["value"] == shown[name][part][kind]
    spoken = {name for dialect in DIALECTS for name, _operation in documented(dialect.name)}
    assert shown.keys() <= found.keys() <= spoken, "EXAMPLES=record"


def record(found: dict[str, Any]) -> None:
    """Write them for readers: from a hub that has a name."""
    text = json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True)
    for here in ("http://testserver", settings.PUBLIC_URL):
        text = text.replace(here, "https://hub.example")
    DIALECT_EXAMPLES.write_text(text + "\n")
    read_dialect_examples.cache_clear()
    read_dialect.cache_clear()


def shape(value: Any) -> Any:
    """Return which fields there are, and of what types their values; of events their names."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value[:1]]
    events = re.findall(r"^event: (.*)$", str(value), re.MULTILINE)
    return events or type(value)


def test_each_operation_shows_its_success_and_each_refusal() -> None:
    for dialect in DIALECTS:
        components = read_dialect(dialect.name)["components"]
        for name, operation in documented(dialect.name):
            responses = operation["responses"]
            assert any(status.startswith(("2", "3")) for status in responses), name
            for status in [status for status in responses if status >= "4"]:
                [content] = responses[status]["content"].values()
                assert content["examples"].keys() == set(responses[status]["x-codes"])
                for code, example in content["examples"].items():
                    mistakes = find_mistakes(content["schema"], example["value"], components)
                    assert mistakes == [], (name, code)
                    assert "–" not in str(example["value"]), (name, code)


# The address that somebody asks, with which body; whose operation it is, and what its document calls the refusal.
ORDER, NONE = "post /v1/images/generations", '{"prompt": "a", "model": "none"}'
VERSION = "get /replicate/v1/models/{owner}/{name}/versions/{version}"
MET: list[tuple[str, str, str, str, str]] = [
    ("nobody", "get /v1/models", "", "get /v1/models", "key_missing"),
    ("alice", "get /v1/videos/task_none", "", "get /v1/videos/{task_id}", "not_found"),
    ("alice", "get /v1/models/none", "", "get /v1/models/{name}", "model_not_found"),
    ("reader", ORDER, '{"prompt": "a"}', ORDER, "scope_missing"),
    ("poor", ORDER, '{"prompt": "a"}', ORDER, "insufficient_credits"),
    ("alice", ORDER, "{", ORDER, "malformed_body"),
    ("alice", ORDER, NONE, ORDER, "model_not_found"),
    ("alice", ORDER, '{"prompt": "a", "stream": true}', ORDER, "events_away"),
    ("nobody", "get /replicate/v1/predictions", "", "get /replicate/v1/predictions", "key_missing"),
    ("alice", "get /replicate/v1/predictions/task_none", "", "get /replicate/v1/predictions/{task_id}", "not_found"),
    ("alice", "get /replicate/v1/models/x/none/versions/1", "", VERSION, "model_unknown"),
    ("alice", "post /replicate/v1/predictions", '{"version": "none", "input": {"prompt": "a"}}',
     "post /replicate/v1/predictions", "model_unknown"),
    ("nobody", "get /sdapi/v1/options", "", "get /sdapi/v1/options", "key_missing"),
    ("alice", "post /sdapi/v1/txt2img", "{", "post /sdapi/v1/txt2img", "malformed_body"),
    ("poor", "post /sdapi/v1/txt2img", '{"prompt": "a"}', "post /sdapi/v1/txt2img", "insufficient_credits"),
]  # fmt: skip


@pytest.mark.parametrize("met", MET, ids=lambda met: f"{met[3]} {met[4]}")
def test_refusals_are_shown_as_they_are_met(
    talk: Talk, client_of: Callable[..., APIClient], met: tuple[str, str, str, str, str]
) -> None:
    who, address, body, operation, name = met
    clients: dict[str, Callable[[], APIClient]] = {
        "nobody": APIClient, "alice": lambda: talk.client, "poor": lambda: client_of("poor"),
        "reader": lambda: client_of("alice", scopes=[Scope.TASKS_READ.value]),
    }  # fmt: skip
    method, path = address.split(" ")
    answer = clients[who]().generic(method.upper(), path, body, content_type=JSON)
    told = dict(each for dialect in DIALECTS for each in documented(dialect.name))[operation]
    [content] = told["responses"][str(answer.status_code)]["content"].values()
    assert numberless(content["examples"][name]["value"]) == numberless(answer.json())


def numberless(value: Any) -> str:
    """Return a refusal without what is counted, which each request has for itself."""
    return re.sub(r"[0-9]+", "", json.dumps(value, sort_keys=True))
