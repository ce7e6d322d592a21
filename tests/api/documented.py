"""The OpenAPI document as the tests hold answers against it."""

from functools import cache
from typing import Any

from django.urls import Resolver404, include, path, resolve
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from jsonschema import Draft202012Validator

from genhub.api.dialects import DialectSchemaView
from genhub.urls import DIALECTS

PREFIX = "/api/v1/"


@cache
def read_document() -> Any:
    """Return the document in English."""
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


@cache
def components() -> Any:
    """Return its components as JSON Schema has them: what may be null, and nothing that is not named."""
    return strict(read_document()["components"])


def strict(part: Any) -> Any:
    """Return a part of the document in the words of JSON Schema."""
    if isinstance(part, list):
        return [strict(each) for each in part]
    if not isinstance(part, dict):
        return part
    made = {name: strict(value) for name, value in part.items()}
    if isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return {"anyOf": [made, {"type": "null"}]} if made.pop("nullable", False) is True else made


@cache
def read_dialect(name: str) -> Any:
    """Return the document of a dialect in English."""
    [dialect] = [each for each in DIALECTS if each.name == name]
    spoken = [path(dialect.base, include(dialect.routes))]
    with patched_settings(DialectSchemaView.custom_settings):
        return SchemaGenerator(patterns=spoken).get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


def find_mistakes(schema: Any, value: Any, within: Any = None) -> list[str]:
    """Return what of a value is not as a schema of the document says; `within`: of another document's components."""
    whole = {**strict(schema), "components": strict(within) if within else components()}
    return [
        f"{error.json_path}: {error.message[:300]}"
        for error in Draft202012Validator(whole).iter_errors(value)
    ]


def find_codes(method: str, address: str, status: int) -> list[str] | None:
    """Return the codes that the document lists for an answer, or None where it has no such operation."""
    try:
        route = resolve(address).route
    except Resolver404:
        return None
    return list_codes(method, "/" + route.replace("<str:", "{").replace(">", "}"), status)


def list_codes(method: str, words: str, status: int) -> list[str] | None:
    """Return as `find_codes`, of an operation as the document writes it."""
    method = "get" if method == "HEAD" else method.lower()
    operation = read_document()["paths"].get(words, {}).get(method)
    if operation is None:
        return None
    responses = operation["responses"]
    listed = responses.get(str(status), {}).get("x-codes", [])
    return [*listed, *responses["default"]["x-codes"]]
