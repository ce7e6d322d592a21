"""What is imported only where a setting asks for it."""

import os
import subprocess
import sys

import pytest

from tests.architecture.test_house import PACKAGES, ROOT, SOURCES, outline, place

pytestmark = pytest.mark.whole

# Whose it is, what of it makes and sends, which module alone imports it, and what asks for it. The client of Valkey
# imports OpenTelemetry's metrics by itself wherever they are installed; they come with the `reports` alone.
OPTIONAL = {
    "opentelemetry": (
        {"opentelemetry.sdk.trace", "opentelemetry.exporter"}, "genhub/lib/spans.py",
        "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9",
    ),
    "sentry_sdk": ({"sentry_sdk"}, "genhub/lib/crash_reports.py", "SENTRY_DSN", "http://key@127.0.0.1:9/1"),
}  # fmt: skip
ALL = set().union(*(parts for parts, *_ in OPTIONAL.values()))
# Everything that a process of the hub may import, and a request with its log line.
SCRIPT = f"""
import sys
import django
django.setup()
import genhub.urls, genhub.celery, genhub.wsgi, generation.tasks, generation.loops, generation.work.run
import genhub.webhooks.pump
from django.core.management import get_commands, load_command_class
from django.test import RequestFactory
from genhub.lib.requestlog import RequestLogMiddleware
from django.http import HttpResponse
for command, app in get_commands().items():
    if str(app).split(".")[0] in {PACKAGES!r}:
        load_command_class(app, command)
request = RequestFactory().get("/api/v1/credits", HTTP_TRACEPARENT="00-" + "1" * 32 + "-" + "2" * 16 + "-01")
request.resolver_match = None
RequestLogMiddleware(lambda request: HttpResponse())(request)
print(*sorted(name for name in {ALL!r} if sys.modules.get(name)))
"""
ABSENT = f"import sys; sys.modules.update(dict.fromkeys({[*OPTIONAL]!r}))"


def imported(before: str = "", **settings: str) -> set[str]:
    """Return which of them a process with these settings has imported; `before` is done first."""
    environment = {name: text for name, text in os.environ.items() if name not in settings}
    done = subprocess.run(
        [sys.executable, "-c", f"{before}\n{SCRIPT}"], check=False, cwd=ROOT, capture_output=True, text=True,
        env=environment | settings,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("package", OPTIONAL)
def test_one_module_alone_imports_it(package: str) -> None:
    importers = [
        place(path)
        for path in SOURCES
        if any(n.split(".")[0] == package for n in outline(path).modules)
    ]
    assert importers == [OPTIONAL[package][1]]


def test_without_its_setting_nothing_of_it_is_imported() -> None:
    assert imported() == set()


def test_the_hub_does_without_what_nobody_asked_for() -> None:
    assert imported(ABSENT) == set()


@pytest.mark.parametrize("package", OPTIONAL)
def test_with_its_setting_it_is(package: str) -> None:
    parts, _, name, value = OPTIONAL[package]
    assert imported(**{name: value}) == parts
