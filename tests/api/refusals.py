"""What a refusal is: one clear problem in both languages, no row written, no credit moved."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from psycopg.sql import SQL, Identifier
from rest_framework.test import APIClient

from credits.models import Hold, Purse, Transfer
from generation.models import Attempt, Event, Share, Task, TaskCount
from genhub.platforms.models import IdempotencyKey
from tests.api.documented import find_codes

GENERATE = "/api/v1/generate"
LANGUAGES = ("en", "zh-hans")
ROWS = (Task, Attempt, Event, Share, TaskCount, IdempotencyKey, Purse, Hold, Transfer)
# One question for all of them: two thousand refusals ask it twice.
COUNT = SQL("(SELECT count(*) FROM {})")
COUNTS = SQL("SELECT {}").format(
    SQL(", ").join(COUNT.format(Identifier(model._meta.db_table)) for model in ROWS)
)


def books() -> dict[str, Any]:
    """Return how many rows there are of each kind, and what every purse holds."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS.as_string())
        counts = dict(zip((model.__name__ for model in ROWS), cursor.fetchone(), strict=True))
    purses = Purse.objects.values_list("user", "available", "held", "version")
    return {**counts, "purses": sorted(purses)}


@contextmanager
def nothing_moves() -> Iterator[None]:
    """Fail when the body writes a row of an order or moves a credit."""
    before = books()
    yield
    assert books() == before


def check_problem(answer: Any, status: int, code: str, field: str | None = None) -> Any:
    """Fail unless the answer is one whole problem; return its body."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.content[:500]
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert body["status"] == status
    for word in ("type", "title", "detail"):
        assert body[word].strip(), body
    texts = [body["title"], body["detail"], *(error["message"] for error in body["errors"])]
    for text in texts:
        assert text.strip(), body
        assert "%(" not in text, "an unfilled place"
        assert "Traceback" not in text
    check_listed(answer, status, code)
    if field is not None:
        assert field in {error["field"] for error in body["errors"]}, body
    return body


def check_listed(answer: Any, status: int, code: str) -> None:
    """Fail where the document does not list a refusal that one of its operations answers."""
    request = answer.wsgi_request
    listed = find_codes(request.method, request.path, status)
    assert listed is None or code in listed, (
        f"{request.method} {request.path}: {status} {code} is not in the document"
    )


def refused(
    client: APIClient, path: str, *, expect: tuple[Any, ...], method: str = "post", **sent: Any
) -> Any:
    """Send a request in each language and fail unless each is refused as expected; return the English problem."""
    status, code, *field = expect
    problems = {}
    with nothing_moves():
        for language in LANGUAGES:
            answer = client.generic(
                method.upper(), path, HTTP_ACCEPT_LANGUAGE=language, **as_body(**sent)
            )
            problems[language] = check_problem(answer, status, code, *field)
    return problems["en"]


def header_of(client: APIClient) -> dict[str, str]:
    """Return the header in which a client sends its key, for clients of other threads and processes."""
    header: dict[str, str] = client._credentials  # type: ignore[attr-defined]
    return header


def as_body(
    *,
    body: Any = None,
    raw: bytes | None = None,
    content_type: str = "application/json",
    **words: Any,
) -> dict[str, Any]:
    """Return the words that make the test client send this body."""
    data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
    return {"data": data, "content_type": content_type, **words}
