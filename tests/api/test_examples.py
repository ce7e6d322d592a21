"""What /api/docs offers to try is taken; what it says of refusals and codes is whole; and which models there are."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from credits.models import GrantRule, Purse
from generation.models import Account
from generation.work.run import run_queue
from genhub.lib.errors import Problem
from genhub.platforms.models import Platform, Scope
from tests.api.documented import read_document
from tests.api.refusals import GENERATE
from tests.api.test_schema import operations
from tests.moderation.made import withhold_first
from tests.offers import place
from tests.webhooks.made import make_ids

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recipes")]
MODELS = "/api/v1/models"


@pytest.fixture
def document() -> Any:
    return read_document()


def test_each_example_of_a_body_is_taken(
    document: Any,
    client_of: Callable[..., APIClient],
    alice: APIClient,
    rich: Callable[..., Purse],
    stub: Account,
    shop: Platform,
) -> None:
    rich("alice", 200)
    stub.offers.create(alias="larger", options={"treatment": "upscale"})
    GrantRule.objects.create(platform=shop, kind="ad_reward", daily_most_per_user=50, daily_most=80)
    scopes = [scope.value for scope in Scope]
    apps = client_of("", scopes=scopes)
    made = alice.post(GENERATE, {"prompt": "a star"}, format="json").json()
    run_queue("local")
    [image, *_] = alice.get(made["result_url"]).json()["images"]
    ids = {"task_id": made["id"], "artifact_id": image["id"], **make_ids(shop)}
    withhold_first(made["id"])
    tried = []
    for (path, method), operation in operations(document).items():
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None:
            continue
        assert body["examples"], path
        for name, example in body["examples"].items():
            value = example["value"]
            client = apps if "user" in value or re.search("webhooks|keys", path) else alice
            answer = client.generic(
                method.upper(),
                path.format(**ids),
                json.dumps(value),
                content_type="application/json",
            )
            assert answer.status_code in {200, 201, 202}, (path, name, answer.content)
            tried.append(path)
    assert len(set(tried)) == 24


def test_each_operation_declares_problems_as_problem_json(document: Any) -> None:
    for (path, _), operation in operations(document).items():
        default = operation["responses"]["default"]["content"]
        assert list(default) == ["application/problem+json"], path
        for status, response in operation["responses"].items():
            if status.startswith("4"):
                assert list(response["content"]) == ["application/problem+json"], (path, status)


def test_each_example_of_a_refusal_says_its_values(document: Any) -> None:
    shown = {
        code: example["value"]
        for code, example in document["components"]["examples"].items()
        if isinstance(example["value"], dict) and "detail" in example["value"]
    }
    assert len(shown) > 50
    for code, value in shown.items():
        kind = Problem.kinds.get(code, Problem)
        places = set(re.findall(r"%\((\w+)\)", kind.detail))
        assert set(value.get("params", {})) == places, code
        assert "–" not in value["detail"], code
    assert {error["code"] for error in shown["invalid_request"]["errors"]} == {
        "required",
        "unknown",
    }
    assert shown["scope_missing"]["params"] == {"scope": "tasks:write"}


@pytest.mark.parametrize(("language", "title"), [("en", "Not found"), ("zh-hans", "未找到")])
def test_document_lists_every_code_in_the_readers_language(
    client: Any, language: str, title: str
) -> None:
    answer = client.get(
        "/api/schema",
        HTTP_ACCEPT_LANGUAGE=language,
        HTTP_ACCEPT="application/vnd.oai.openapi+json",
    )
    said = json.loads(answer.content)
    text = said["info"]["description"]
    kinds: dict[str, type[Problem]] = {Problem.code: Problem, **Problem.kinds}
    for code, kind in kinds.items():
        # A root, which has no words of its own, is answered by nobody.
        is_answered = kind is Problem or kind.title != Problem.title
        if not kind.__module__.startswith("tests."):
            assert (f"| `{code}` | {kind.status} |" in text) == is_answered, code
    assert f"| `not_found` | 404 | {title} |" in text


def test_docs_alone_may_show_blobs(client: Any) -> None:
    def pictures(path: str) -> str:
        policy = client.get(path).headers["Content-Security-Policy"]
        return str(next(p for p in policy.split(";") if p.strip().startswith("img-src")))

    assert "blob:" in pictures("/api/docs")
    assert "blob:" not in pictures("/admin/login/")


def test_models_are_told_with_what_an_order_needs(alice: APIClient, stub: Account) -> None:
    other_offer = stub.offers.create(
        alias="other", largest_steps=30, sizes=[[64, 128]], default_width=64, default_height=128,
        smallest_side=16, vendor_model="secret-model", usd_per_picture=1,
    )  # fmt: skip
    ink = {"name": "ink", "file": "/secret/ink.safetensors", "scale": 0.5}
    place(other_offer, folder="/secret/folder", loras=[ink])
    answer = alice.get(MODELS)
    other, small = answer.json()["items"]
    assert (small["alias"], small["is_default"], other["is_default"]) == (
        "z-image-small",
        True,
        False,
    )
    assert small["default"] == {"width": 64, "height": 64, "steps": 12, "cfg_scale": 2.0}
    assert (small["modes"]["fast"]["steps"], small["modes"]["fine"]["steps"]) == (6, 24)
    assert other["sizes"] == [{"width": 64, "height": 128}]
    assert other["loras"] == [{"name": "ink", "scale": 0.5, "is_usual": False}]
    for internal in (b"secret", b"usd", b"stub"):
        assert internal not in answer.content


def test_each_model_that_is_told_is_taken_as_told(alice: APIClient, stub: Account) -> None:
    for model in alice.get(MODELS).json()["items"]:
        for usual in (model["default"], *model["modes"].values()):
            order = {"prompt": "a star", "model": model["alias"], **usual}
            assert alice.post("/api/v1/quote", order, format="json").status_code == 200


def test_model_that_is_off_is_not_told(alice: APIClient, stub: Account, shop: Platform) -> None:
    stub.offers.create(alias="other")
    Platform.objects.filter(pk=shop.pk).update(default_model="other")
    assert [m["alias"] for m in alice.get(MODELS).json()["items"] if m["is_default"]] == ["other"]
    stub.offers.filter(alias="other").update(is_enabled=False)
    assert [model["alias"] for model in alice.get(MODELS).json()["items"]] == ["z-image-small"]
    Account.objects.update(is_enabled=False)
    assert alice.get(MODELS).json() == {"items": []}


def test_models_need_a_key(client: Any, stub: Account, rich: Callable[..., Purse]) -> None:
    assert client.get(MODELS).status_code == 401
