"""Templates that are for some platforms alone: to the others they do not exist."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from generation.models import Task
from genhub.platforms.models import Platform
from templates.models import Template, TemplateVersion, VersionPicture
from templates.services import create_template, draft_next, publish
from tests.api.refusals import GENERATE, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]
BODY = {"template": "badge", "parameters": {}}
TEMPLATES, EXAMPLE = "/api/v1/templates", "/api/v1/templates/example?code=badge"


@pytest.fixture
def badge() -> TemplateVersion:
    """A template of the shop alone."""
    version = create_template("badge", name="Badge", prompt="a badge", platforms=["shop"], settings={"steps": 5})  # fmt: skip
    VersionPicture.objects.create(version=version, jpeg=b"jpeg")
    Platform.objects.get_or_create(code="shop", defaults={"name": "Shop"})
    publish(version, actor="tests")
    return version


@pytest.fixture
def other(client_of: Callable[..., APIClient]) -> APIClient:
    """A user of another platform."""
    return client_of("bob", platform=Platform.objects.create(code="forum", name="Forum"))


def codes(client: APIClient) -> list[str]:
    return [item["code"] for item in client.get(TEMPLATES).json()["items"]]


def test_platform_that_is_named_sees_and_orders_it(
    alice: APIClient, badge: TemplateVersion
) -> None:
    assert codes(alice) == ["badge"]
    assert alice.get(EXAMPLE).status_code == 200
    assert alice.post(GENERATE, BODY, format="json").status_code == 202
    assert Task.objects.get().template_version_id == badge.pk


def test_to_others_it_is_as_one_that_does_not_exist(
    other: APIClient, badge: TemplateVersion
) -> None:
    assert codes(other) == []
    for door in (GENERATE, "/api/v1/quote"):
        hidden = refused(other, door, body=BODY, expect=(400, "invalid_request", "template"))
        unknown = refused(other, door, body=BODY | {"template": "ghost"}, expect=(400, "invalid_request", "template"))  # fmt: skip
        assert hidden == unknown
    refused(other, EXAMPLE, method="get", expect=(404, "not_found"))
    wish = {"template": "badge"}
    refused(other, "/api/v1/me/preferences", method="put", body=wish, expect=(400, "invalid_request", "template"))  # fmt: skip


def test_what_was_usual_is_not_ordered_once_it_is_for_others(
    alice: APIClient, badge: TemplateVersion
) -> None:
    assert alice.put("/api/v1/me/preferences", {"template": "badge"}, format="json").status_code == 200  # fmt: skip
    Platform.objects.create(code="forum", name="Forum")
    draft = draft_next(Template.objects.get())
    draft.platforms = ["forum"]
    draft.save()
    publish(draft, actor="tests")
    body = {"use_preferences": True}
    problem = refused(alice, GENERATE, body=body, expect=(400, "invalid_request", "template"))
    assert problem["errors"][0]["code"] == "unknown"


def test_suggestions_name_none_that_the_platform_cannot_order(
    alice: APIClient, badge: TemplateVersion
) -> None:
    alice.post(GENERATE, BODY, format="json")
    Task.objects.update(state="completed", started_at="2026-01-01T00:00Z", completed_at="2026-01-01T00:00Z")  # fmt: skip
    assert alice.get("/api/v1/me/suggestions").json()["yours"]["template"] == ["badge"]
    Platform.objects.create(code="forum", name="Forum")
    draft = draft_next(Template.objects.get())
    draft.platforms = ["forum"]
    draft.save()
    publish(draft, actor="tests")
    assert alice.get("/api/v1/me/suggestions").json()["yours"]["template"] == []


def test_who_may_order_is_asked_only_where_somebody_may_not(alice: APIClient) -> None:
    publish(create_template("free", name="Free", prompt="a star"), actor="tests")

    def statements(body: Any) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            assert alice.post("/api/v1/quote", body, format="json").status_code == 200
        return [query["sql"] for query in queries if "platforms_platform" in query["sql"]]

    statements({"template": "free"})
    before = statements({"template": "free"})
    publish(create_template("badge", name="Badge", prompt="a badge", platforms=["shop"]), actor="tests")  # fmt: skip
    assert len(statements({"template": "badge"})) == len(before) + 1
