"""What is told of an error, and what never is."""

import json
import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from django.core.exceptions import ImproperlyConfigured
from psycopg.errors import UniqueViolation

from generation.providers.errors import ProviderError
from genhub.lib import crash_reports, requestid, tracing
from genhub.settings import reporting
from tests.crash_reports.ingest import Ingest, ingesting

PROMPT = "a canary that sings in the coal mine"
KEY = "gh_0a1b2c3d.CanaryCanaryCanaryCanary01"
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def ingest() -> Iterator[Ingest]:
    """Have this process tell of its errors."""
    usual = sentry_sdk.get_client()
    with ingesting() as ingest:
        crash_reports.begin(ingest.dsn)
        yield ingest
        sentry_sdk.get_client().close()
        sentry_sdk.get_global_scope().set_client(usual if usual.is_active() else None)


def told(ingest: Ingest) -> dict[str, Any]:
    """Return the one event that was told."""
    sentry_sdk.flush()
    [event] = ingest.events
    return event


def break_down(error: Exception) -> None:
    """Raise, with what nobody may read in the frame."""
    prompt, key = PROMPT, KEY
    assert prompt
    assert key
    raise error


def log(logger: str, error: Exception) -> None:
    """Log an error as the hub's own code does."""
    try:
        break_down(error)
    except Exception:
        logging.getLogger(logger).exception(
            "attempt %s of %s failed: %r", uuid.UUID(int=7), PROMPT, error
        )


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (ValueError(f"{PROMPT} {KEY}"), ""),
        (ProviderError(f"I will not draw {PROMPT}", code="content_refused"), "content_refused"),
        (UniqueViolation(f"Key (prompt)=({PROMPT}) exists"), "SQLSTATE 23505"),
        (ConnectionRefusedError(111, "Connection refused", PROMPT), "Connection refused"),
        (KeyError(PROMPT), ""),
    ],
)
def test_an_error_is_told_by_its_kind_and_place(
    ingest: Ingest, error: Exception, meaning: str
) -> None:
    with requestid.working_for("order-4711"), tracing.span("work", parent=TRACEPARENT):
        log("generation.work.storing", error)
    event = told(ingest)
    [exception] = event["exception"]["values"]
    assert (exception["type"], exception["value"]) == (type(error).__name__, meaning)
    assert exception["stacktrace"]["frames"][-1]["function"] == "break_down"
    assert event["logentry"] == {
        "message": "attempt %s of %s failed: %r",
        "params": [str(uuid.UUID(int=7)), "…", "…"],
    }
    assert event["tags"]["request_id"] == "order-4711"
    assert event["tags"]["trace_id"] == TRACEPARENT[3:35]
    assert (event["level"], event["logger"]) == ("error", "generation.work.storing")
    sent = b"".join(ingest.bodies)
    # The source is ours: it holds the names of the canaries, never what they are.
    for canary in (PROMPT, KEY, KEY.split(".")[1]):
        assert canary.encode() not in sent


def test_what_an_error_came_from_is_told_too(ingest: Ingest) -> None:
    try:
        try:
            break_down(UniqueViolation(PROMPT))
        except UniqueViolation as error:
            raise ValueError(PROMPT) from error
    except ValueError:
        logging.getLogger("credits").exception("not moved")
    kinds = [(one["type"], one["value"]) for one in told(ingest)["exception"]["values"]]
    assert kinds == [("UniqueViolation", "SQLSTATE 23505"), ("ValueError", "SQLSTATE 23505")]


def test_what_a_library_said_as_a_whole_is_not_repeated(ingest: Ingest) -> None:
    logging.getLogger("somebody.else").error(f"cannot parse {PROMPT}")  # noqa: G004 (as libraries do)
    assert told(ingest)["logentry"] == {"message": "said by somebody.else"}


def test_warnings_are_told_to_nobody(ingest: Ingest) -> None:
    logging.getLogger("generation").warning("attempt %s failed", 7)
    sentry_sdk.flush()
    assert ingest.events == []


def test_nothing_is_told_of_the_machine_but_its_name(ingest: Ingest) -> None:
    logging.getLogger("generation").error("broken")
    event = told(ingest)
    assert set(event) <= {*crash_reports.KEPT, "logentry", "tags"}
    assert "argv" not in json.dumps(event)


@pytest.mark.parametrize(
    "dsn",
    ["errors.lan/1", "https://errors.lan/1", "https://key@errors.lan/", "file://key@errors.lan/1"],
)  # fmt: skip
def test_what_is_no_dsn_is_refused_and_not_repeated(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_DSN", dsn)
    with pytest.raises(ImproperlyConfigured, match="SENTRY_DSN must be") as refused:
        reporting.read_dsn()
    assert dsn not in str(refused.value)


def test_a_dsn_without_what_speaks_to_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", "https://key@sentry.example.com/1")
    monkeypatch.setattr(reporting, "find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match=r"SENTRY_DSN.*\.\[reports\]"):
        reporting.read_dsn()
