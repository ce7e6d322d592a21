"""Where is told what the hub does, and what went wrong with it: each is called as the hub calls it."""

import json
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from genhub.doctor.findings import Finding, good, warning, word
from genhub.lib.fetch import FetchRefused
from genhub.lib.posting import post

PATIENCE_SECONDS = 5.0
ANSWER_BYTES = 2048
GOOD = range(200, 300)


def look_at_traces() -> Iterator[Finding]:
    """Send the collector no span at all, as spans are sent."""
    url = settings.OTEL_EXPORTER_OTLP_ENDPOINT
    if not url:
        yield good("traces", "sent nowhere: OTEL_EXPORTER_OTLP_ENDPOINT is not set")
        return
    from genhub.lib import spans  # noqa: PLC0415 (OpenTelemetry, for whoever asked for it)

    if fault := spans.find_fault(PATIENCE_SECONDS):
        yield warning("traces", f"{urlsplit(url).hostname}: {fault}", "start the collector, or mend OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS")  # fmt: skip
    else:
        yield good("traces", f"{urlsplit(url).hostname} takes them")


def look_at_errors() -> Iterator[Finding]:
    """Send what takes errors a report of nothing, with the key of real ones."""
    if not settings.SENTRY_DSN:
        yield good("errors", "told to nobody: SENTRY_DSN is not set; they are in the logs")
        return
    dsn = urlsplit(settings.SENTRY_DSN)
    host = str(dsn.hostname)
    folder, _, project = dsn.path.rpartition("/")
    address = f"{dsn.scheme}://{dsn.netloc.rpartition('@')[2]}{folder}/api/{project}/envelope/"
    report = {"timestamp": time.time(), "discarded_events": []}
    body = "\n".join(("{}", json.dumps({"type": "client_report"}), json.dumps(report)))
    headers = {
        "Content-Type": "application/x-sentry-envelope",
        "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_client=genhub, sentry_key={dsn.username}",
    }
    try:
        reply = post(
            address, body.encode(), headers, seconds=PATIENCE_SECONDS, most_bytes=ANSWER_BYTES,
            private_hosts=[host],
        )  # fmt: skip
        said = "" if reply.status in GOOD else f"{host} answers {reply.status}"
    except FetchRefused as error:
        said = word(error)
    if said:
        yield warning("errors", said, "start it, or copy SENTRY_DSN anew from its project")
    else:
        yield good("errors", f"{host} takes them")
