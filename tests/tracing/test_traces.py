"""What a trace tells of an order, and what it never tells."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from rest_framework.test import APIClient

from generation.models import Account, Task
from generation.providers.errors import ProviderError
from generation.providers.stub import StubProvider
from generation.work import run
from genhub.lib import spans, tracing
from genhub.lib.requestid import LineFormatter
from genhub.settings import reporting
from tests.api.refusals import header_of
from tests.steps import submit
from tests.tracing.collector import Collector, Told, collecting

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{CALLER}-01"
PROMPT = "a canary that sings in the coal mine"


@pytest.fixture
def collector(settings: Any) -> Iterator[Collector]:
    """A collector that this process tells of everything; `flush` has it told at once."""
    with collecting() as collector:
        settings.OTEL_EXPORTER_OTLP_ENDPOINT = f"{collector.url}/"
        spans.provider.cache_clear()
        yield collector
        spans.provider().shutdown()
        spans.provider.cache_clear()


def told(collector: Collector, trace_id: str = TRACE) -> list[Told]:
    """Return what was told of a trace until now."""
    assert spans.provider().force_flush()
    return collector.of_trace(trace_id)


def order(client: APIClient, **words: Any) -> Task:
    """Order under the caller's trace."""
    client.credentials(**header_of(client), HTTP_TRACEPARENT=TRACEPARENT)
    return submit(client, PROMPT, width=32, height=32, **words)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (TRACEPARENT, TRACEPARENT),
        (f" {TRACEPARENT} ", TRACEPARENT),
        (f"01-{TRACE}-{CALLER}-00-more", f"00-{TRACE}-{CALLER}-00"),
        (f"{TRACEPARENT}-more", ""),
        (f"ff-{TRACE}-{CALLER}-01", ""),
        (f"00-{'0' * 32}-{CALLER}-01", ""),
        (f"00-{TRACE}-{'0' * 16}-01", ""),
        (TRACEPARENT.upper(), ""),
        ("\r\nSet-Cookie: a=b", ""),
        ("", ""),
    ],
)
def test_a_traceparent_is_read_as_w3c_has_it(sent: str, read: str) -> None:
    assert tracing.read_parent(sent) == read


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("stub", "keeps_orders_here")
def test_an_order_is_one_trace_from_the_request_to_its_end(
    collector: Collector, alice: APIClient
) -> None:
    task = order(alice)
    assert run.run_queue("local") == [{"task": str(task), "ended": "completed"}]
    found = {span.name: span for span in told(collector)}
    request = found["POST /api/v1/generate"]
    assert (request.parent_id, request.kind) == (CALLER, "SPAN_KIND_SERVER")
    assert request.attributes["http.response.status_code"] == 202
    assert request.attributes["genhub.request"] == task.request_id
    assert found["accept"].parent_id == request.span_id
    assert found["accept"].attributes == {"genhub.task": str(task)}
    assert found["ring"].attributes == {"genhub.queue": "local"}
    # What another process does goes on where the order was accepted.
    for name in ("claim", "order at vendor", "store", "settle"):
        assert found[name].parent_id == found["accept"].span_id
        assert found[name].attributes["genhub.task"] == str(task)
        assert found[name].attributes["genhub.account"] == "stub"
        assert found[name].failure == ""
    assert found["step"].parent_id == found["order at vendor"].span_id
    assert found["settle"].attributes["genhub.ended"] == "completed"
    assert {span.service for span in found.values()} == {"genhub"}
    assert collector.paths == {"/v1/traces"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("stub", "keeps_orders_here")
def test_no_prompt_key_or_name_of_a_user_is_told(
    collector: Collector, client_of: Callable[..., APIClient], rich: Callable[..., Any]
) -> None:
    rich("carol-the-canary", 100)
    carol = client_of("carol-the-canary")
    key = header_of(carol)["HTTP_AUTHORIZATION"].split()[1]
    order(carol, metadata={"secret": "canary-of-metadata"}, negative_prompt="no canary cage")
    carol.get(f"/api/v1/tasks/{key}?signature={key}")
    run.run_queue("local")
    assert told(collector)
    sent = b"".join(collector.bodies)
    for canary in (PROMPT, "carol", "canary", key, key.split(".")[-1]):
        assert canary.encode() not in sent


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("stub")
def test_what_fails_is_told_by_its_code_and_quotes_nobody(
    collector: Collector, alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise ProviderError(f"I will not draw {PROMPT}", code="content_refused")

    monkeypatch.setattr(StubProvider, "submit", refuse)
    order(alice)
    run.run_queue("local")
    found = {span.name: span.failure for span in told(collector) if span.failure}
    assert found == {"order at vendor": "ProviderError", "settle": "content_refused", "store": "ProviderError"}  # fmt: skip
    assert PROMPT.encode() not in b"".join(collector.bodies)


@pytest.mark.django_db
def test_a_request_without_a_trace_begins_one_and_probes_none(
    collector: Collector, alice: APIClient
) -> None:
    alice.get("/api/v1/credits")
    alice.get("/api/v1/health/live")
    assert spans.provider().force_flush()
    [span] = collector.spans
    assert (span.name, span.parent_id) == ("GET /api/v1/credits", "")


@pytest.mark.django_db
def test_callers_that_leave_a_trace_out_of_their_sample_are_heeded(
    collector: Collector, alice: APIClient
) -> None:
    alice.get("/api/v1/credits", HTTP_TRACEPARENT=f"00-{TRACE}-{CALLER}-00")
    assert told(collector) == []


@pytest.mark.django_db(transaction=True)
def test_without_a_collector_a_callers_trace_still_goes_along(
    alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("a span was made")

    monkeypatch.setattr(tracing, "begin", never)
    task = order(alice, webhook=None)
    assert task.traceparent == TRACEPARENT


def test_lines_of_logs_and_of_requests_name_the_trace(
    client: Any, caplog: pytest.LogCaptureFixture, db: None
) -> None:
    logger = logging.getLogger("genhub.requests")
    logger.addHandler(caplog.handler)
    try:
        client.get("/api/v1/nothing", HTTP_TRACEPARENT=TRACEPARENT)
        client.get("/api/v1/nothing")
    finally:
        logger.removeHandler(caplog.handler)
    traced, other = (vars(each) for each in caplog.records if each.name == "genhub.requests")
    assert traced["trace_id"] == TRACE
    assert "trace_id" not in other
    record = logging.LogRecord("a", logging.INFO, "b", 1, "drawn", None, None)
    with tracing.span("work", parent=TRACEPARENT):
        line = LineFormatter("%(message)s").format(record)
    assert line == f"drawn [trace={TRACE}]"


@pytest.mark.parametrize("address", ["collector:4318", "ftp://collector/", "https://"])
def test_an_address_that_takes_no_spans_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
    with pytest.raises(ImproperlyConfigured, match="OTEL_EXPORTER_OTLP_ENDPOINT must be"):
        reporting.read_collector()


def test_a_collector_without_what_speaks_to_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    monkeypatch.setattr(reporting, "find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match=r"OTEL_EXPORTER_OTLP_ENDPOINT.*\.\[reports\]"):
        reporting.read_collector()
