"""The OpenAPI document: whole, true to the routes, and shown without a byte from elsewhere."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from drf_spectacular.validation import validate_schema

from generation.api.serializers import GenerateSerializer
from genhub.urls import API
from tests.api.documented import read_document

pytestmark = pytest.mark.django_db

METHODS = {"get", "post", "put", "patch", "delete"}
NO_KEY = {"/api/v1/health"}


@pytest.fixture
def document() -> Any:
    return read_document()


def operations(document: Any) -> dict[tuple[str, str], Any]:
    return {
        (path, method): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


def test_document_is_made_without_a_warning(tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "api.yml"))


def test_document_is_valid_openapi(document: Any) -> None:
    validate_schema(document)  # type: ignore[no-untyped-call]


def test_document_names_each_route_and_no_other(document: Any) -> None:
    routes = {"/api/v1/" + re.sub(r"<str:(\w+)>", r"{\1}", str(route.pattern)) for route in API}
    assert set(document["paths"]) == routes


def test_each_operation_names_its_key_and_its_refusals(document: Any) -> None:
    for (path, method), operation in operations(document).items():
        assert operation["summary"], path
        if path in NO_KEY:
            assert operation.get("security", [{}]) == [{}]
            continue
        assert operation["security"] == [{"bearer": []}], path
        assert "401" in operation["responses"], (path, method)
        if "{" in path:
            assert "404" in operation["responses"], (path, method)


def test_each_operation_that_takes_a_key_says_how_often_it_may_be_asked(document: Any) -> None:
    for (path, method), operation in operations(document).items():
        for status, response in operation["responses"].items():
            counted = path not in NO_KEY and status not in {"401", "default"}
            names = set(response.get("headers", {}))
            assert ({"RateLimit", "RateLimit-Policy"} <= names) is counted, (path, method, status)
        if path not in NO_KEY:
            refusal = operation["responses"]["429"]
            assert "Retry-After" in refusal["headers"]
            assert "application/problem+json" in refusal["content"]
    assert set(document["components"]["headers"]) == {
        "RateLimit",
        "RateLimit-Policy",
        "Retry-After",
    }


def test_document_names_each_request_word(document: Any) -> None:
    schemas = document["components"]["schemas"]
    words = schemas["GenerateRequest"]["properties"]
    assert set(words) == set(GenerateSerializer().fields)
    assert words["num_images"]["maximum"] == 9
    assert words["quality"]


def test_schema_answers_to_anybody(client: Any) -> None:
    answer = client.get("/api/schema")
    assert answer.status_code == 200
    assert b"openapi: 3" in answer.content


def test_docs_load_nothing_from_elsewhere(client: Any) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    html = page.content.decode()
    links = re.findall(r"""(?:src|href)\s*=\s*["']([^"']+)["']""", html)
    assert links
    local = [link for link in links if not urlsplit(link).netloc and not link.startswith("data:")]
    assert local == links, "an asset of another site"
    assert "unpkg" not in html
    assert "cdn" not in html.lower()
    for link in local:
        if link.startswith("/"):
            assert client.get(link).status_code == 200, link


def test_docs_run_no_script_of_the_page_itself(client: Any) -> None:
    page = client.get("/api/docs")
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    inline = re.findall(
        r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page.content.decode(), re.DOTALL
    )
    assert not any(text.strip() for text in inline), "the policy would refuse it"
