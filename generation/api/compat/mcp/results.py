"""What a tool answers: the API's own JSON, the pictures, or a problem that says how to mend it."""

import base64
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin

from mcp_types import CallToolResult, ContentBlock, ImageContent, TextContent

from generation.api.compat.mcp.calls import Answer
from generation.api.compat.mcp.pictures import Shown

PREVIEW = "preview"


def word_answer(answer: Answer, shown: Sequence[Shown] = (), *, base: str = "") -> CallToolResult:
    """Return an answer as structured content and as the same text, then the pictures that are small enough."""
    if answer.is_refusal:
        return word_problem(answer.body)
    # As text, a picture under way would take up the conversation.
    body = {name: value for name, value in answer.body.items() if name != PREVIEW}
    if shown:
        body["links"] = [urljoin(base, one.link) for one in shown]
    content: list[ContentBlock] = [TextContent(text=json.dumps(body, ensure_ascii=False))]
    if preview := answer.body.get(PREVIEW):
        kind, _, data = preview.removeprefix("data:").partition(";base64,")
        content.append(ImageContent(data=data, mime_type=kind))
    content += [
        ImageContent(data=base64.b64encode(one.data).decode(), mime_type=one.content_type)
        for one in shown
        if one.data
    ]
    return CallToolResult(content=content, structured_content=body)


def word_problem(body: dict[str, Any]) -> CallToolResult:
    """Return a problem's object as an error that an assistant can act on."""
    lines = [f"{body['code']}: {body['title']}. {body['detail']}"]
    lines += [
        f"- {error['field']}: {error['message']} ({error['code']})" for error in body["errors"]
    ]
    text = TextContent(text="\n".join(lines))
    return CallToolResult(content=[text], structured_content=body, is_error=True)
