"""Each dialect has a document and a page of its own, which name its addresses and no others."""

import re
from typing import Any

import pytest
import yaml
from django.conf import settings
from drf_spectacular.validation import validate_schema

from genhub.api.dialects import Dialect
from genhub.urls import DIALECTS

pytestmark = pytest.mark.django_db
# What answers whatever no other address does.
REST = "<path:rest>"
SECURITY: dict[str, list[dict[str, list[str]]]] = {"sdapi": [{"basic": []}, {"bearer": []}]}


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_dialect_has_a_document_and_a_page(
    client: Any, dialect: Dialect, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = client.get(f"/api/schema/{dialect.name}")
    assert answer.status_code == 200
    assert capsys.readouterr().err == "", "what could not be described"
    document = yaml.safe_load(answer.content)
    validate_schema(document)  # type: ignore[no-untyped-call]
    assert document["info"]["title"] == f"GenHub: {dialect.title}"
    base = f"{settings.PUBLIC_URL}/{dialect.base}".rstrip("/")
    assert f"`{base}`" in document["info"]["description"]
    spoken = {str(route.pattern) for route in dialect.routes} - {REST}
    named = {re.sub(r"<\w+:(\w+)>", r"{\1}", path) for path in spoken}
    assert set(document["paths"]) == {f"/{dialect.base}{path}" for path in named}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            assert operation["security"] == SECURITY.get(dialect.name, [{"bearer": []}]), path
            assert {"401"} <= operation["responses"].keys(), path
    text = answer.content.decode()
    for name in set(re.findall(r"#/components/schemas/(\w+)", text)):
        assert name in document["components"]["schemas"]
    assert "#/components/examples/" not in text
    assert "default" not in {status for one in document["paths"].values() for each in one.values() for status in each["responses"]}  # fmt: skip
    page = client.get(f"/api/docs/{dialect.name}")
    assert page.status_code == 200
    assert dialect.title in page.content.decode()
    script = client.get(f"/api/docs/{dialect.name}?script=")
    assert f"/api/schema/{dialect.name}" in script.content.decode()


def test_replicate_refuses_in_problem_json_and_webui_by_its_own_form(client: Any) -> None:
    document = yaml.safe_load(client.get("/api/schema/replicate").content)
    order = document["paths"]["/replicate/v1/predictions"]["post"]
    assert list(order["responses"]["402"]["content"]) == ["application/problem+json"]
    assert set(order["requestBody"]["content"]) == {"application/json"}
    upload = document["paths"]["/replicate/v1/files"]["post"]
    assert set(upload["requestBody"]["content"]) == {"multipart/form-data"}
    document = yaml.safe_load(client.get("/api/schema/sdapi").content)
    order = document["paths"]["/sdapi/v1/txt2img"]["post"]
    refused = order["responses"]["504"]["content"]["application/json"]["schema"]["$ref"]
    assert refused == "#/components/schemas/Refused"
    found = document["paths"]["/sdapi/v1/sd-models"]["get"]["responses"]["200"]
    assert found["content"]["application/json"]["schema"]["items"]["$ref"].endswith("/Checkpoint")
    zh = client.get("/api/schema/sdapi?lang=zh-hans").content.decode()
    assert "生成图片" in zh


def test_openai_says_what_a_client_may_send(client: Any) -> None:
    document = yaml.safe_load(client.get("/api/schema/openai").content)
    edit = document["paths"]["/v1/images/edits"]["post"]
    assert set(edit["requestBody"]["content"]) == {"multipart/form-data", "application/json"}
    answers = edit["responses"]["200"]["content"]
    assert set(answers) == {"application/json", "text/event-stream"}
    words = document["components"]["schemas"]["EditFormRequest"]["properties"]
    assert words["image"]["format"] == "binary"
    assert "Problem" not in document["components"]["schemas"]
    assert "problem+json" not in str(document)
    zh = client.get("/api/schema/openai?lang=zh-hans").content.decode()
    assert "生成图片" in zh
