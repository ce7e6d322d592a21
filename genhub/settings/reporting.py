"""Where is told what the hub does and what went wrong with it; empty: nowhere."""

from importlib.util import find_spec
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from genhub.settings.parts import first

__all__ = ["OTEL_EXPORTER_OTLP_ENDPOINT", "SENTRY_DSN"]


def need(name: str, package: str) -> None:
    """Raise naming the variable where what it asks for is not installed."""
    if not find_spec(package):
        raise ImproperlyConfigured(
            f"{name} is set, and {package} is not installed: pip install -e '.[reports]'"
        )


def read_collector() -> str:
    """Return where spans are sent; its path may hold a secret, so no error repeats it."""
    url = first("OTEL_EXPORTER_OTLP_ENDPOINT").strip()
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ImproperlyConfigured(
            "OTEL_EXPORTER_OTLP_ENDPOINT must be an address that takes OTLP by HTTP, such as http://collector:4318"
        )
    if url:
        need("OTEL_EXPORTER_OTLP_ENDPOINT", "opentelemetry")
    return url


def read_dsn() -> str:
    """Return what says where errors are told; it holds a key, so no error repeats it."""
    dsn = first("SENTRY_DSN").strip()
    parts = urlsplit(dsn)
    is_whole = parts.username and parts.hostname and parts.path.rpartition("/")[2].isdigit()
    if dsn and (parts.scheme not in {"http", "https"} or not is_whole):
        raise ImproperlyConfigured(
            "SENTRY_DSN must be as Sentry shows it: https://key@sentry.example.com/1"
        )
    if dsn:
        need("SENTRY_DSN", "sentry_sdk")
    return dsn


OTEL_EXPORTER_OTLP_ENDPOINT = read_collector()
SENTRY_DSN = read_dsn()
