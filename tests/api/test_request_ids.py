"""One id of a request: in its answer, in each line of the log that it wrote, and in the task that it ordered."""

import logging
from typing import Any

import pytest
from django.urls import URLPattern
from rest_framework.test import APIClient

from generation.models import Event
from genhub.lib import requestid
from genhub.urls import API
from tests.api.refusals import GENERATE
from tests.api.test_keys import address, name_case

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]


@pytest.mark.parametrize("route", API, ids=name_case)
def test_every_answer_has_it_refusals_too(client: Any, route: URLPattern) -> None:
    answer = client.get(address(route), HTTP_X_REQUEST_ID="order-4711")
    assert answer.headers["X-Request-ID"] == "order-4711"


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/v1/models", "/files/x", "/admin/", "/api/schema", "/handbook/"]
)
def test_answers_outside_of_the_api_have_it(client: Any, path: str) -> None:
    assert client.get(path, HTTP_X_REQUEST_ID="a").headers["X-Request-ID"] == "a"


@pytest.mark.parametrize(
    "sent", ["", " ", "x" * 129, "a b", "a\nb: c", "é", "订", "a,b", '"', "<b>", "%0a"]
)
def test_what_is_not_safe_is_replaced(client: Any, sent: str) -> None:
    given = client.get("/api/v1/nothing", HTTP_X_REQUEST_ID=sent).headers["X-Request-ID"]
    assert given != sent
    assert requestid.SAFE.fullmatch(given)


@pytest.mark.parametrize(
    "sent", ["x" * 128, "550e8400-e29b-41d4-a716-446655440000", "Root=1-67891233:abc/d+e=@~._"]
)
def test_what_others_send_is_taken(client: Any, sent: str) -> None:
    assert client.get("/api/v1/nothing", HTTP_X_REQUEST_ID=sent).headers["X-Request-ID"] == sent


def test_each_request_without_one_gets_its_own(client: Any) -> None:
    given = {client.get("/api/v1/nothing").headers["X-Request-ID"] for _ in range(3)}
    assert len(given) == 3


def test_task_names_the_request_that_ordered_it(alice: APIClient) -> None:
    words: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": "k", "format": "json"}
    first = alice.post(GENERATE, {"prompt": "a star"}, HTTP_X_REQUEST_ID="first", **words)
    again = alice.post(GENERATE, {"prompt": "a star"}, HTTP_X_REQUEST_ID="again", **words)
    assert [each.headers["X-Request-ID"] for each in (first, again)] == ["first", "again"]
    assert [each.json()["request_id"] for each in (first, again)] == ["first", "first"]
    assert Event.objects.get(kind="submitted").data["request_id"] == "first"
    assert requestid.current.get() == ""


def test_line_of_the_request_log_has_it(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("genhub.requests")
    logger.addHandler(caplog.handler)
    try:
        client.get("/api/v1/nothing", HTTP_X_REQUEST_ID="order-4711")
    finally:
        logger.removeHandler(caplog.handler)
    [record] = [each for each in caplog.records if each.name == "genhub.requests"]
    assert vars(record)["request_id"] == "order-4711"
