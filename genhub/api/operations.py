"""What the OpenAPI document says of each operation beyond its view's own words: every code of a refusal, the headers,
and an example of each answer."""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _
from drf_spectacular.openapi import AutoSchema

import genhub.api.outside
import genhub.front.refusals  # noqa: F401 (both bring their problems into being)
from genhub.api.answer_headers import tell_headers
from genhub.api.docstrings import say, say_examples
from genhub.api.parameter_words import describe
from genhub.api.problems import problem_body
from genhub.api.shown_values import show
from genhub.lib.errors import Problem

PROBLEM_TYPE: Final = "application/problem+json"
PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}
JSON: Final = "application/json"
# The examples of what is no JSON.
TEXTS: Final = {"text/event-stream": "EventStream", "text/csv": "Statement"}
REFUSED: Final = 400
EXAMPLES: Final = Path(__file__).with_name("examples.json")
DIALECT_EXAMPLES: Final = EXAMPLES.with_name("dialect_examples.json")

# What any request may be answered, before anybody looks at what it asks for, or when nothing works.
ANYWHERE: Final = (
    "expectation_unknown", "header_refused", "headers_too_large", "hub_busy", "internal_error",
    "method_not_allowed", "not_acceptable", "request_malformed", "request_refused", "request_too_slow", "try_later",
)  # fmt: skip
WITH_KEY: Final = (
    "key_missing", "key_invalid", "too_many_wrong_keys", "address_not_allowed", "rate_limited", "token_invalid",
    "origin_not_allowed",
)  # fmt: skip
WITH_BODY: Final = (
    "invalid_request", "body_cut_short", "body_too_large", "wrong_content_type", "charset_unsupported",
    "content_encoding_unsupported",
)  # fmt: skip
# What comes with a word of the address or a header.
WITH_PARAMETER: Final = {
    "user": ("wrong_user", "invalid_request"),
    "cursor": ("cursor_invalid", "invalid_request"),
    "Idempotency-Key": ("invalid_request", "idempotency_key_in_use", "idempotency_key_reused"),
    # Whatever they say is taken.
    "skip_current_image": (),
    "x-genhub-async": (),
}
WITH_ID: Final = "not_found"


class HubSchema(AutoSchema):
    """Operations with all that they answer.

    What follows from an operation's shape is found by itself; a view names its own refusals in `problems`, by method.
    """

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """Return the operation as its view has it, completed."""
        operation = super().get_operation(*args, **kwargs)
        if operation:
            self.complete(operation)
            say_examples([operation.get("requestBody", {}), *operation["responses"].values()])
            if parameters := operation.get("parameters"):
                operation["parameters"] = [describe(parameter) for parameter in parameters]
        return operation

    def get_description(self) -> str:  # type: ignore[override]
        """Return its docstring in the reader's language."""
        return say(super().get_description())

    def complete(self, operation: Any) -> None:
        """Say which codes and headers come with which answer, and show examples."""
        responses = operation["responses"]
        codes = by_status(set(self.find_codes(operation)))
        for status in [status for status in responses if is_refusal(responses[status])]:
            if status not in codes:
                del responses[status]
        for status, some in codes.items():
            refuse(responses.setdefault(status, {"description": ""}), some)
        responses["default"] = {"description": _("Any other refusal")}
        refuse(responses["default"], sorted(ANYWHERE))
        self.tell_key(operation)
        tell_headers(operation, self.view, self.method)
        show_examples(responses)
        if self.method in getattr(self.view, "needs_body", ()):
            operation["requestBody"]["required"] = True

    def tell_key(self, operation: Any) -> None:
        """Say which key is asked for, by the view's own scopes and refusals."""
        said = []
        if scope := getattr(self.view, "scopes", {}).get(self.method):
            operation["x-scope"] = str(scope)
            said.append(_("Scope: `%(scope)s`.") % {"scope": scope})
        codes = set(operation["responses"].get("403", {}).get("x-codes", ()))
        if "platform_key_needed" in codes:
            operation["x-platform-key-only"] = True
            said.append(_("Only with a platform's key."))
        if "token_not_enough" in codes:
            said.append(_("Not with a browser token."))
        if said:
            operation["description"] = "\n\n".join([operation["description"], " ".join(said)])

    def find_codes(self, operation: Any) -> Iterator[str]:
        """Yield the codes that this operation answers, and not any one does."""
        if operation.get("security", [{}]) != [{}]:
            yield from WITH_KEY
        scope = getattr(self.view, "scopes", {}).get(self.method)
        if scope:
            yield "scope_missing"
        if getattr(self.view, "is_of_key", False) or not (scope or self.method == "GET"):
            yield "token_not_enough"
        if "{" in self.path:
            yield WITH_ID
        yield from codes_of_body(operation.get("requestBody"))
        for parameter in operation.get("parameters", ()):
            if parameter["in"] != "path":
                yield from WITH_PARAMETER.get(parameter["name"], ("invalid_request",))
        for kind in getattr(self.view, "problems", {}).get(self.method, ()):
            yield kind.code


def codes_of_body(body: Any) -> Iterator[str]:
    """Yield the codes that come with a body, when there is one."""
    if body:
        yield from WITH_BODY
        if JSON in body["content"]:
            yield "malformed_body"


def is_refusal(response: Any) -> bool:
    """Return whether a view said only that this is some problem."""
    return any(content.get("schema") == PROBLEM for content in response.get("content", {}).values())


def by_status(codes: Iterable[str]) -> dict[str, list[str]]:
    """Return codes by the status that each is answered with."""
    found: dict[str, list[str]] = {}
    for code in sorted(codes):
        found.setdefault(str(kind_of(code).status), []).append(code)
    return found


def refuse(response: Any, codes: list[str]) -> None:
    """Say of a response that it is a problem of one of these codes."""
    response["description"] = response["description"] or ", ".join(f"`{code}`" for code in codes)
    response["x-codes"] = codes
    examples = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
    response["content"] = {PROBLEM_TYPE: {"schema": PROBLEM, "examples": examples}}


def show_examples(responses: Any) -> None:
    """Show of each answer in JSON or text one that the hub gave."""
    for response in responses.values():
        for kind, content in response.get("content", {}).items():
            if kind in (JSON, *TEXTS) and "examples" not in content:
                name = TEXTS.get(kind) or component_of(content["schema"])
                content["examples"] = {name: {"$ref": f"#/components/examples/{name}"}}


def component_of(schema: Any) -> str:
    """Return the name of the component that a schema is."""
    return str(schema["$ref"]).rpartition("/")[2]


@cache
def read_examples() -> dict[str, Any]:
    """Return an answer of each kind, by the component that it is."""
    found: dict[str, Any] = json.loads(EXAMPLES.read_text())
    return found


@cache
def read_dialect_examples() -> dict[str, Any]:
    """Return what clients of other services sent, and what they were answered: by operation, status and type."""
    found: dict[str, Any] = json.loads(DIALECT_EXAMPLES.read_text())
    return found


def list_examples(result: Any) -> dict[str, Any]:
    """Return all examples that the operations of a document show by their names."""
    answers = read_examples()
    return {
        name: {"value": answers[name] if name in answers else word(name)}
        for name in sorted(find_references(result["paths"]))
        # One that is not there yet is missed by a test, and by no reader.
        if name in answers or name == Problem.code or name in Problem.kinds
    }


def find_references(part: Any) -> set[str]:
    """Return the names of the examples that a part of the document refers to."""
    found: set[str] = set()
    rest = [part]
    while rest:
        match rest.pop():
            case dict() as mapping:
                reference = str(mapping.get("$ref", ""))
                if reference.startswith("#/components/examples/"):
                    found.add(reference.rpartition("/")[2])
                rest += mapping.values()
            case list() as values:
                rest += values
            case _:
                pass
    return found


def word(code: str) -> dict[str, Any]:
    """Return a problem in the reader's language, with values as some request might have them."""
    return problem_body(show(kind_of(code)))


def kind_of(code: str) -> type[Problem]:
    """Return the kind of problem that has this code."""
    return Problem if code == Problem.code else Problem.kinds[code]
