"""Collectors and what takes errors, as the doctor finds them."""

from typing import Any

import pytest

from genhub.doctor import reports
from genhub.doctor.findings import Finding, Verdict
from tests.crash_reports.ingest import KEY, PROJECT, ingesting
from tests.ports import free_port
from tests.tracing.collector import collecting


def find(look: Any) -> Finding:
    """Return the one finding of a look."""
    [found] = look()
    assert bool(found.mend) == (found.verdict != Verdict.GOOD)
    found_text: Finding = found
    return found_text


def test_without_settings_both_are_off_and_well() -> None:
    assert "not set" in find(reports.look_at_traces).said
    assert "not set" in find(reports.look_at_errors).said


def test_a_collector_that_takes_spans_is_well(settings: Any) -> None:
    with collecting() as collector:
        settings.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url
        assert find(reports.look_at_traces).said == "127.0.0.1 takes them"
    assert collector.paths == {"/v1/traces"}


def test_a_collector_that_is_away_is_a_warning(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "PATIENCE_SECONDS", 0.5)
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = f"http://127.0.0.1:{free_port()}"
    found = find(reports.look_at_traces)
    assert found.verdict == Verdict.WARNING
    assert "OTEL_EXPORTER_OTLP_HEADERS" in found.mend


def test_what_takes_errors_is_well_and_is_told_none(settings: Any) -> None:
    with ingesting(kinds={"client_report"}) as ingest:
        settings.SENTRY_DSN = ingest.dsn
        assert find(reports.look_at_errors).said == "127.0.0.1 takes them"
    assert len(ingest.bodies) == 1


def test_what_refuses_the_key_is_a_warning_that_does_not_repeat_it(settings: Any) -> None:
    with ingesting(kinds={"client_report"}, status=403) as ingest:
        settings.SENTRY_DSN = ingest.dsn
        found = find(reports.look_at_errors)
    assert (found.verdict, found.said) == (Verdict.WARNING, "127.0.0.1 answers 403")
    settings.SENTRY_DSN = f"http://{KEY}@127.0.0.1:{free_port()}/{PROJECT}"
    found = find(reports.look_at_errors)
    assert found.verdict == Verdict.WARNING
    assert KEY not in f"{found}"
