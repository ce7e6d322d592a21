"""What the OpenAPI document says of every operation alike: its examples, and every code there is."""

from typing import Any

from django.utils.translation import gettext as _

from genhub.api.dialects import NATIVE
from genhub.api.docstrings import say_schemas
from genhub.api.field_codes import list_field_codes
from genhub.api.first_page import list_tags, write_first_page
from genhub.api.operations import list_examples
from genhub.lib.errors import Problem

PROBLEM_TYPE = "application/problem+json"
UNKNOWN, TOO_MANY = 401, 429
# As genhub/platforms/rates.py says them.
RATES, RETRY_AFTER = ("RateLimit-Policy", "RateLimit"), "Retry-After"


def finish_document(result: dict[str, Any], **_words: Any) -> dict[str, Any]:
    """Return a document in the reader's language, and the hub's own with its examples, the headers of rates, and all
    codes."""
    say_schemas(result)
    if not any(path.startswith(NATIVE) for path in result["paths"]):
        return result
    for operations in result["paths"].values():
        for operation in operations.values():
            if {"bearer": []} in operation.get("security", []):
                declare_rates(operation["responses"])
    components = result.setdefault("components", {})
    components["headers"], components["examples"] = describe_headers(), list_examples(result)
    said = (
        str(result["info"]["description"]),
        write_first_page(),
        list_codes(),
        list_field_codes(),
    )
    result["info"]["description"] = "\n\n".join(said)
    result["tags"] = list_tags()
    return result


def declare_rates(responses: dict[str, Any]) -> None:
    """Say of what takes a key that it may be asked too often, and with which headers each answer says how it stands."""
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    responses.setdefault("429", {"description": "", "content": {PROBLEM_TYPE: problem}})
    for status, response in responses.items():
        names = [*RATES, RETRY_AFTER] if status == str(TOO_MANY) else RATES
        found = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        # Without a key that works there is nothing to count; of the other refusals some come before that.
        if status not in {str(UNKNOWN), "default"}:
            response["headers"] = response.get("headers", {}) | found


def describe_headers() -> dict[str, Any]:
    """Return what the headers of rates say."""
    policy, standing = RATES
    return {
        policy: {
            "description": _(
                "How many requests (q) of the key's are let through in so many seconds (w), by what they count as. Left out where any number is."
            ),
            "schema": {"type": "string"},
            "example": '"reads";q=6000;w=60, "writes";q=1200;w=60',
        },
        standing: {
            "description": _(
                "As what this request counted, how many more are let through (r), and in how many seconds counted ones are forgotten (t)."
            ),
            "schema": {"type": "string"},
            "example": '"writes";r=1187;t=42',
        },
        RETRY_AFTER: {
            "description": _("In so many seconds it may be sent again."),
            "schema": {"type": "integer"},
            "example": 12,
        },
    }


def list_codes() -> str:
    """Return every code of a refusal as a table in Markdown that opens at a click, in the reader's language."""
    kinds: dict[str, type[Problem]] = {Problem.code: Problem} | {
        code: kind
        for code, kind in Problem.kinds.items()
        # A root without words of its own is answered by nobody.
        if kind.title != Problem.title and not kind.__module__.startswith("tests.")
    }
    rows = [
        f"| `{code}` | {kind.status} | {_(kind.title)} |" for code, kind in sorted(kinds.items())
    ]
    head = [
        _(
            "A refusal is problem JSON (RFC 9457); decide by its code. Failed tasks have one of them, too."
        ),
        "",
        f"<details><summary>{_('All codes')}</summary>",
        "",
        f"| {_('Code')} | {_('Status')} | {_('Meaning')} |",
        "| --- | --- | --- |",
    ]
    return "\n".join([*head, *rows, "", "</details>"])
