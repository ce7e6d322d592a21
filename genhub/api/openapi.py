"""What the OpenAPI document says of every operation alike: its refusals, and every code there is."""

from typing import Any

from django.utils.translation import gettext as _

from genhub.lib.errors import Problem

PROBLEM_TYPE = "application/problem+json"
REFUSED = 400


def finish_document(result: dict[str, Any], **_words: Any) -> dict[str, Any]:
    """Return the document with refusals as problem JSON, one for what any operation may answer, and all codes."""
    for operations in result["paths"].values():
        for operation in operations.values():
            declare_problems(operation["responses"])
    result["info"]["description"] = f"{result['info']['description']}\n\n{list_codes()}"
    return result


def declare_problems(responses: dict[str, Any]) -> None:
    """Give refusals their content type, and say what is answered besides."""
    problem = {"$ref": "#/components/schemas/Problem"}
    for status, response in responses.items():
        content = response.get("content", {})
        for media_type in list(content):
            if int(status) >= REFUSED and content[media_type].get("schema") == problem:
                content[PROBLEM_TYPE] = content.pop(media_type)
    responses["default"] = {
        "description": _("Any other refusal"),
        "content": {PROBLEM_TYPE: {"schema": problem}},
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
