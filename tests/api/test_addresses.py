"""Addresses and methods that are not there: problem JSON for apps, a page for people."""

from typing import Any

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from genhub.urls import API
from tests.api.refusals import check_problem, nothing_moves

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize(
    "path",
    ["/api/v1/nothing", "/api/v1/", "/api/v1", "/api/v2/tasks", "/api/", "/api/v1/tasks/", "/api/v1/tasks/a/b",
     "/api/v1/generate/", "/api/v1/tasks/../credits/x", "/api/v1/artifacts/", "/api/v1/%00", "/api/v1/тест",
     "/v1/", "/sdapi/", "/sdapi/v2/txt2img"],
)  # fmt: skip
def test_unknown_address_of_the_api_is_a_problem(
    alice: APIClient, path: str, language: str
) -> None:
    for method in ("get", "post", "delete"):
        with nothing_moves():
            answer = alice.generic(method.upper(), path, HTTP_ACCEPT_LANGUAGE=language)
        check_problem(answer, 404, "address_unknown")


def test_unknown_address_elsewhere_is_a_page(client: Any) -> None:
    answer = client.get("/nothing")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_foreign_host_is_a_problem(alice: APIClient) -> None:
    with nothing_moves():
        answer = alice.get("/api/v1/tasks", HTTP_HOST="evil.example")
    check_problem(answer, 400, "request_refused")
    assert b"evil" not in answer.content


def test_unexpected_error_says_nothing_of_itself(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall(*args: Any, **words: Any) -> None:
        raise RuntimeError("secret-detail")

    monkeypatch.setattr("genhub.platforms.models.ApiKeyManager.find", fall)
    with nothing_moves():
        answer = alice.get("/api/v1/tasks")
    check_problem(answer, 500, "internal_error")
    assert b"secret-detail" not in answer.content


def test_unexpected_error_outside_of_a_view_is_a_problem(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall(*args: Any, **words: Any) -> None:
        raise RuntimeError("secret-detail")

    monkeypatch.setattr("django.middleware.locale.LocaleMiddleware.process_request", fall)
    alice.raise_request_exception = False
    answer = alice.get("/api/v1/tasks")
    check_problem(answer, 500, "internal_error")
    assert b"secret-detail" not in answer.content


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_wrong_method_is_a_problem_that_names_the_right_ones(alice: APIClient, method: str) -> None:
    for path in ("generate", "tasks", "credits", "health", "templates"):
        answer = alice.generic(method.upper(), f"/api/v1/{path}")
        check_problem(answer, 405, "method_not_allowed")
        assert answer.headers["Allow"]


def test_answers_are_not_for_other_sites_or_guessers(alice: APIClient) -> None:
    answer = alice.get("/api/v1/credits")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "sessionid" not in answer.cookies


def test_every_address_is_versioned() -> None:
    assert settings.SPECTACULAR_SETTINGS["SCHEMA_PATH_PREFIX"] == "/api/v1"
    assert all(not str(route.pattern).startswith("/") for route in API)


@pytest.mark.parametrize("path", ["/api/docs", "/api/schema"])
@pytest.mark.parametrize("method", ["OPTIONS", "POST", "PUT", "DELETE", "HEAD", "TRACE", "FOO"])
def test_no_method_breaks_the_pages_of_the_document(client: Any, path: str, method: str) -> None:
    assert client.generic(method, path).status_code in {200, 405}
