"""A collector that takes OTLP by HTTP, as Jaeger, Tempo and the OpenTelemetry Collector do, and keeps all of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Sent
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from tests.serving import serving


@dataclass(frozen=True)
class Told:
    """A span as it came."""

    name: str
    service: str
    trace_id: str
    span_id: str
    parent_id: str
    kind: str
    attributes: dict[str, Any]
    failure: str
    began: int
    ended: int


class Collector:
    """Keeps spans, and the bytes that they came as."""

    def __init__(self) -> None:
        self.spans: list[Told] = []
        self.bodies: list[bytes] = []
        self.paths: set[str] = set()
        self.lock = threading.Lock()
        self.url = ""

    def take(self, path: str, body: bytes) -> None:
        """Keep what was sent."""
        request = ExportTraceServiceRequest.FromString(body)
        found = [
            read(span, resource.resource)
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        with self.lock:
            self.paths.add(path)
            self.bodies.append(body)
            self.spans += found

    def of_trace(self, trace_id: str) -> list[Told]:
        """Return the spans of a trace, in the order in which they began."""
        with self.lock:
            found = [span for span in self.spans if span.trace_id == trace_id]
        return sorted(found, key=lambda span: span.began)

    def names(self, trace_id: str) -> set[str]:
        """Return what was told in a trace."""
        return {span.name for span in self.of_trace(trace_id)}


def read(span: Sent, resource: Any) -> Told:
    """Return a span in plain words."""
    of_resource = {pair.key: value_of(pair.value) for pair in resource.attributes}
    is_failure = span.status.code == Status.STATUS_CODE_ERROR
    return Told(
        name=span.name,
        service=str(of_resource["service.name"]),
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        kind=Sent.SpanKind.Name(span.kind),
        attributes={pair.key: value_of(pair.value) for pair in span.attributes},
        failure=span.status.message if is_failure else "",
        began=span.start_time_unix_nano,
        ended=span.end_time_unix_nano,
    )


def value_of(value: Any) -> Any:
    """Return an attribute's value."""
    return getattr(value, value.WhichOneof("value"))


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector until the body ends."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            collector.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            body = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        collector.url = f"http://127.0.0.1:{server.server_port}"
        yield collector
