"""Each attempt that ended is one line of JSON, and every other line of its work says for which order it was written."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from rest_framework.test import APIClient

from generation.models import Attempt
from generation.providers.errors import ProviderError
from generation.work.run import run_queue
from genhub.lib.ids import to_wire
from genhub.lib.requestid import LineFormatter
from genhub.settings.logs import logging_config
from tests.easel import Easel
from tests.steps import submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("right_books")]
PROMPT = "a secret yellow star"


class Kept(logging.Handler):
    """Keeps each line as its formatter writes it, where it is written."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self.lines.append(self.format(record))


@pytest.fixture
def kept() -> Iterator[dict[str, list[str]]]:
    """The lines of attempts, and all others."""
    config = logging_config(folder="")["formatters"]
    handlers = {
        "genhub.jobs": Kept(structlog.stdlib.ProcessorFormatter(
            processors=config["json"]["processors"], foreign_pre_chain=config["json"]["foreign_pre_chain"]
        )),
        "generation": Kept(LineFormatter(config["line"]["format"])),
    }  # fmt: skip
    for name, handler in handlers.items():
        logging.getLogger(name).addHandler(handler)
    yield {name: handler.lines for name, handler in handlers.items()}
    for name, handler in handlers.items():
        logging.getLogger(name).removeHandler(handler)


def test_attempt_that_was_delivered_is_one_line(
    alice: APIClient, easel: Easel, kept: dict[str, list[str]]
) -> None:
    alice.credentials(**alice._credentials, HTTP_X_REQUEST_ID="order-4711")  # type: ignore[attr-defined]
    task = submit(alice, PROMPT, num_images=2)
    run_queue("local")
    attempt = Attempt.objects.get(task=task)
    [line] = kept["genhub.jobs"]
    told: dict[str, Any] = json.loads(line)
    assert told.pop("time").startswith("20")
    assert 0 < told.pop("seconds") < 3600
    # What the suite's own log adds to a record.
    told.pop("message", None)
    assert told == {
        "event": "attempt", "level": "info", "request_id": "order-4711", "task": to_wire("task", task.pk),
        "attempt": str(attempt.pk), "ended": "completed", "error": "", "queue": "local", "account": "easel",
        "model": "z-image-small", "media_type": "image", "width": 64, "height": 64, "pictures": 2,
        "trace_id": task.traceparent[3:35],
    }  # fmt: skip
    assert PROMPT not in line


def test_failure_names_its_code_and_its_order_in_every_line(
    alice: APIClient, easel: Easel, kept: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    error = ProviderError("it does not like the words", code="content_refused")
    monkeypatch.setattr(Easel, "submit_batch", lambda self, works: [error for _ in works])
    alice.credentials(**alice._credentials, HTTP_X_REQUEST_ID="order-4712")  # type: ignore[attr-defined]
    task = submit(alice, PROMPT)
    run_queue("local")
    told = json.loads(kept["genhub.jobs"][0])
    assert (told["ended"], told["error"]) == ("failed", "content_refused")
    [warned] = [
        line for line in kept["generation"] if "content_refused" in line or "failed" in line
    ]
    assert f"[order-4712 {to_wire('task', task.pk)}" in warned
