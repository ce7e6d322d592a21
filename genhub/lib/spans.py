"""Spans as OpenTelemetry makes and sends them: the only module that imports it."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.conf import settings
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace.span import format_span_id, format_trace_id

# As OpenTelemetry has it, of the hub's own.
PREFIX = "genhub."
KNOWN = ("http.", "url.", "messaging.")


@cache
def provider() -> TracerProvider:
    """Return what makes this process's spans and sends them from a thread of its own; what is not asked here
    (sampling, batches, headers, timeouts) OpenTelemetry reads from its own variables."""
    name = os.environ.get("OTEL_SERVICE_NAME") or "genhub"
    made = TracerProvider(resource=Resource.create({"service.name": name}))
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint())))
    return made


def endpoint() -> str:
    """Return where spans are sent to."""
    return f"{settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip('/')}/v1/traces"


class Sent:
    """A span that is sent once it has ended."""

    def __init__(
        self, name: str, parent: str, kind: str, attributes: Mapping[str, Any], began: int | None
    ) -> None:
        """Begin it below a traceparent, or a trace of its own where that is empty."""
        self.span = (
            provider()
            .get_tracer("genhub")
            .start_span(
                name,
                context=context_of(parent),
                kind=SpanKind[kind.upper()],
                attributes=named(attributes),
                start_time=began,
                record_exception=False,
            )
        )

    @property
    def traceparent(self) -> str:
        """Return it as others name it."""
        own = self.span.get_span_context()
        return f"00-{format_trace_id(own.trace_id)}-{format_span_id(own.span_id)}-{own.trace_flags:02x}"

    def note(self, attributes: Mapping[str, Any]) -> None:
        """Add attributes."""
        self.span.set_attributes(named(attributes))

    def rename(self, name: str) -> None:
        """Give it another name."""
        self.span.update_name(name)

    def fail(self, why: str) -> None:
        """Mark it as failed."""
        self.span.set_status(Status(StatusCode.ERROR, why))

    def end(self) -> None:
        """End it now."""
        self.span.end()


def named(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes under their whole names: `task` is `genhub.task`, `http__route` is `http.route`."""
    whole = {name.replace("__", "."): value for name, value in attributes.items()}
    return {
        name if name.startswith(KNOWN) else f"{PREFIX}{name}": value
        for name, value in whole.items()
    }


def context_of(parent: str) -> Context:
    """Return OpenTelemetry's context of a traceparent; without one a new trace begins."""
    if not parent:
        return Context()
    _, trace, span, flags = parent.split("-")
    above = SpanContext(
        int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
    )
    return set_span_in_context(NonRecordingSpan(above))


def find_fault(patience_seconds: float) -> str:
    """Return why the collector takes no spans, or nothing where it does."""
    exporter = OTLPSpanExporter(endpoint=endpoint(), timeout=patience_seconds)
    try:
        is_taken = exporter.export([]) is SpanExportResult.SUCCESS
    finally:
        exporter.shutdown()  # type: ignore[no-untyped-call]
    return "" if is_taken else "it does not take what it is sent; the log says why"
