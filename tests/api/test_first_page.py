"""The document has a first page, and says of each operation which key it asks for, and whether it needs a body."""

import re
from typing import Any

import pytest
from django.urls import resolve, reverse
from rest_framework.test import APIClient

from generation.api.waits import LONGEST_SECONDS
from generation.models import Account
from genhub.api import first_page
from genhub.api.pages import DEEPEST_ROW, DEFAULT_PAGE, LARGEST_PAGE
from genhub.platforms.idempotency import PATIENCE_SECONDS
from genhub.platforms.models import Scope
from genhub.urls import DIALECTS
from tests.api.documented import read_document
from tests.api.test_schema import NO_KEY, operations

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("recipes")]
# Whose refusals say that a key of one user will not do, and what without a body is a request all the same.
OF_PLATFORMS = re.compile(r"/api/v1/(webhooks|storage)\b")


def said() -> str:
    return str(read_document()["info"]["description"])


def test_first_page_leads_from_a_key_to_a_picture() -> None:
    text = said()
    for word in ("tasks:write", "Prefer: wait=60", "Idempotency-Key", "/artifacts/$PICTURE"):
        assert word in text
    assert "user's key" in text
    assert "platform's key" in text


def test_first_page_says_the_numbers_that_count(settings: Any) -> None:
    settings.KEEP_DAYS = {**settings.KEEP_DAYS, "keys": 17}
    text = first_page.write_first_page()
    assert "kept for 17 days" in text
    assert f"after {PATIENCE_SECONDS} s it is 409" in text
    assert f"N from 1 to {LONGEST_SECONDS} " in text
    assert f"`limit` is 1 to {LARGEST_PAGE}, {DEFAULT_PAGE} if not said" in text
    assert f"down to row {DEEPEST_ROW:,}" in text


def test_first_page_links_to_what_there_is(client: Any) -> None:
    links = re.findall(r"\]\((/[^)]*)\)", said())
    assert {reverse(f"docs-{dialect.name}") for dialect in DIALECTS} < set(links)
    for link in links:
        resolve(link)
        assert client.get(link).status_code == 200, link


def test_groups_are_described_in_their_order() -> None:
    document = read_document()
    used = {tag for operation in operations(document).values() for tag in operation["tags"]}
    names = [tag["name"] for tag in document["tags"]]
    assert sorted(names) == sorted(used)
    assert names[0] == "generate"
    assert all(tag["description"] for tag in document["tags"])


def test_each_operation_names_its_scope_and_its_key() -> None:
    for (path, method), operation in operations(read_document()).items():
        view: Any = resolve(re.sub(r"{\w+}", "x", path)).func
        scope = getattr(view.cls, "scopes", {}).get(method.upper())
        assert operation.get("x-scope") == (str(scope) if scope else None), (path, method)
        assert (f"Scope: `{scope}`." in operation["description"]) == bool(scope)
        assert scope is None or scope in Scope.values
        is_platforms = "Only with a platform's key." in operation["description"]
        assert is_platforms == bool(OF_PLATFORMS.match(path)), (path, method)
        assert path not in NO_KEY or not scope


def test_body_that_is_required_is_missed(alice: APIClient, stub: Account) -> None:
    required = {
        path
        for (path, method), operation in operations(read_document()).items()
        if method == "post" and operation.get("requestBody", {}).get("required")
    }
    orders = {"generate", "quote", "batches", "batches/quote", "artifacts", "verify"}
    assert {f"/api/v1/{name}" for name in orders} < required
    for path in required - {path for path in required if "{" in path or OF_PLATFORMS.match(path)}:
        answer = alice.post(path)
        assert answer.status_code in {400, 403, 415}, path
        # Grants need a scope that is seldom given.
        assert answer.status_code != 403 or path.endswith("grants")


def test_address_is_promised_only_where_there_is_one() -> None:
    for (path, method), operation in operations(read_document()).items():
        for status in operation["responses"].keys() & {"201", "202"} if method == "post" else ():
            is_promised = "Location" in operation["responses"][status]["headers"]
            assert is_promised != bool(re.search(r"webhooks/.*(test|replay)$", path)), path


def test_what_was_waited_for_says_so() -> None:
    document = read_document()
    for path, method, status in (("generate", "post", "200"), ("tasks/{task_id}", "get", "200")):
        answer = document["paths"][f"/api/v1/{path}"][method]["responses"][status]
        assert {"Location", "Preference-Applied"} <= answer["headers"].keys()
    csv = document["paths"]["/api/v1/credits/entries.csv"]["get"]["responses"]["200"]
    assert "Content-Disposition" in csv["headers"]


def test_picture_that_the_caller_has_is_documented() -> None:
    for name in ("", "/thumbnail", "/preview"):
        picture = read_document()["paths"][f"/api/v1/artifacts/{{artifact_id}}{name}"]["get"]
        assert "304" in picture["responses"]
        assert "picture_taken_down" in picture["responses"]["410"]["x-codes"]
        assert "If-None-Match" in {each["name"] for each in picture["parameters"]}
