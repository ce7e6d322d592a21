"""Errors told to Sentry, or to whatever takes what its clients send: the only module that imports it.

What is told is where it happened and of which kind it was: lines of our own source, names of errors, ids. What an error
or a line of a log says is told only as far as the hub wrote it: a database and a vendor repeat prompts in theirs.
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.integrations.threading import ThreadingIntegration
from sentry_sdk.types import Event, Hint

from genhub.lib import requestid, tracing
from genhub.lib.hiding import hide_secrets

OURS: Final = ("genhub", "generation", "credits", "storage", "templates")
KEPT: Final = ("event_id", "timestamp", "level", "logger", "platform", "release", "environment", "server_name", "sdk")  # fmt: skip
OF_FRAME: Final = ("filename", "abs_path", "function", "module", "lineno", "pre_context", "context_line", "post_context", "in_app")  # fmt: skip
HIDDEN: Final = "…"
# What says nothing of anybody.
Plain = int | float | UUID | date
# So long a process that ends waits for what it has still to tell.
LAST_SECONDS: Final = 2
DEEPEST: Final = 20


def begin(dsn: str) -> None:
    """Tell of each error that this process logs, and of what ends it or one of its threads."""
    # Of people it collects nothing, as long as `send_default_pii` and `data_collection` are not set.
    sentry_sdk.init(
        dsn,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        send_client_reports=False,
        auto_session_tracking=False,
        shutdown_timeout=LAST_SECONDS,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            LoggingIntegration(level=None, event_level=logging.ERROR, sentry_logs_level=None),
            ExcepthookIntegration(),
            ThreadingIntegration(propagate_scope=False),
            DedupeIntegration(),
            AtexitIntegration(callback=lambda pending, timeout: None),
        ],
        before_send=scrub,
    )


def scrub(event: Event, hint: Hint) -> Event:
    """Return what is told of an event: what is named here, and nothing else."""
    said: Any = event
    told: Any = {name: said[name] for name in KEPT if name in said}
    told["tags"] = {"request_id": hide_secrets(requestid.current.get()), "trace_id": tracing.trace_id()}  # fmt: skip
    if record := hint.get("log_record"):
        told["logentry"] = word(record)
        told["tags"]["place"] = f"{record.module}:{record.lineno}"
    if "exception" in said:
        meanings = {type(one).__name__: describe(one) for one in chain(hint.get("exc_info"))}
        told["exception"] = {
            "values": [strip(value, meanings) for value in said["exception"]["values"]]
        }
    kept: Event = told
    return kept


def word(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a line of a log says; of what stands in its places only ids and numbers. What a library wrote as a
    whole nobody can take apart: its name must do."""
    is_ours = record.name.split(".")[0] in OURS
    if not (is_ours or record.args):
        return {"message": f"said by {record.name}"}
    template = hide_secrets(str(record.msg))
    values = record.args.values() if isinstance(record.args, Mapping) else record.args or ()
    params = [str(value) if isinstance(value, Plain) else HIDDEN for value in values]
    return {"message": template, "params": params}


def strip(value: Mapping[str, Any], meanings: Mapping[str, str]) -> dict[str, Any]:
    """Return an error as it is told: its kind, what that means, and where it happened."""
    frames = (value.get("stacktrace") or {}).get("frames", [])
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "value": meanings.get(str(value.get("type")), ""),
        "mechanism": {
            "type": (value.get("mechanism") or {}).get("type", "generic"),
            "handled": (value.get("mechanism") or {}).get("handled"),
        },
        "stacktrace": {
            "frames": [{name: frame[name] for name in OF_FRAME if name in frame} for frame in frames]
        },
    }  # fmt: skip


def chain(exc_info: Any) -> Iterator[BaseException]:
    """Yield an error and those that it came from."""
    error = exc_info[1] if exc_info else None
    for _ in range(DEEPEST):
        if error is None:
            return
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def describe(error: BaseException) -> str:
    """Return what an error means by codes that quote nobody: of a database, of the system, of the hub's own."""
    # Django raises its own from the driver's.
    if state := getattr(error, "sqlstate", getattr(error.__cause__, "sqlstate", None)):
        return f"SQLSTATE {state}"
    if isinstance(error, OSError):
        return error.strerror or ""
    code = getattr(error, "code", "")
    return code if isinstance(code, str) and type(error).__module__.split(".")[0] in OURS else ""
