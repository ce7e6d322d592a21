"""Small requests that cost much: eight of each at once, as many as there are threads, and health still answers."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from templates.services import create_template, put_in_force
from tests.front.test_slow import worst_health
from tests.front.web import Answer, Web
from tests.patience import patience, quick_enough
from tests.storage.made_pictures import scan_bomb

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
AT_ONCE = 8
JSON = "application/json"
ORDER = "/api/v1/quote"
# Beside eight that each take a second and more of the same cores: late, and no more; it was 13 to 44 s.
HEALTH_SECONDS = 3.0
# In bytes: what is refused is told in few words.
LARGEST_REFUSAL = 20_000


def body_of(**words: Any) -> bytes:
    return json.dumps({"prompt": "a star", **words}).encode()


def costly_template() -> bytes:
    """Return an order whose parameter is compared with nine hundred others, item by item."""
    rules = {"items": {"anyOf": [{"const": number} for number in range(900)]}}
    version = create_template("heavy", name="Heavy", prompt="a star {a}", parameters={"a": rules})
    # As of a release before there was a bound: today none like it is published.
    put_in_force([version], "tests")
    return json.dumps({"template": "heavy", "parameters": {"a": list(range(4000, 8000))}}).encode()


HEAVY: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "unknown fields": (ORDER, JSON, lambda: body_of(**{f"a{n}": 0 for n in range(70_000)})),
    "wrong items": (ORDER, JSON, lambda: body_of(loras=[0] * 100_000)),
    "deep": (ORDER, JSON, lambda: b'{"metadata":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001),
    "scans": ("/api/v1/artifacts", "image/jpeg", lambda: scan_bomb(5000, 5000, 101)),
    "allowed scans": ("/api/v1/artifacts", "image/jpeg", lambda: scan_bomb(1000, 1000, 100)),
    "schema": (ORDER, JSON, costly_template),
}


@pytest.mark.parametrize(("path", "content_type", "make"), HEAVY.values(), ids=HEAVY)
def test_eight_heavy_requests_hold_nobody_up(
    web: Web, bearer: dict[str, Any], path: str, content_type: str, make: Callable[[], bytes]
) -> None:
    body = make()
    headers = bearer | {"Content-Type": content_type}
    answers: list[Answer] = []

    def ask() -> None:
        answers.append(web.ask("POST", path, body, headers=headers))

    def health_beside_them() -> float:
        threads = [threading.Thread(target=ask) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        worst = worst_health(web, 3)
        while any(thread.is_alive() for thread in threads):
            worst = max(worst, worst_health(web, 1))
        for thread in threads:
            thread.join(patience())
        return worst

    quick_enough(HEALTH_SECONDS, health_beside_them, "worst health")
    # Each is taken or refused in few words; the gate may have no room for all of them at once.
    assert {answer.status for answer in answers} <= {201, 400, 429, 503}
    assert max(len(answer.body) for answer in answers) < LARGEST_REFUSAL
