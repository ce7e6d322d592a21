"""Logging: lines for people on the console, one JSON object per request and per attempt in rotating files."""

from pathlib import Path
from typing import Any, Final

import structlog

# Each a file of lines, `requests.jsonl`, to which several processes write.
FILES: Final = ("requests", "jobs")
LARGEST_BYTES: Final = 10 * 1024 * 1024
KEPT: Final = 5


def logging_config(*, folder: str) -> dict[str, Any]:
    """Return Django's LOGGING; requests go to `folder`/requests.jsonl, attempts that ended to jobs.jsonl there (each
    10 MB x 5), or to the console without a folder."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "genhub.lib.requestid.LineFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
            },
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(),
                ],
                "foreign_pre_chain": [
                    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
                    structlog.stdlib.add_log_level,
                    structlog.stdlib.ExtraAdder(),
                ],
            },
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "line"},
            **{name: handler_of(name, folder) for name in FILES},
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            # Its lines hold whole addresses, which may be signed.
            "httpx2": {"level": "WARNING"},
            **{
                f"genhub.{name}": {"handlers": [name], "level": "INFO", "propagate": False}
                for name in FILES
            },
        },
    }


def handler_of(name: str, folder: str) -> dict[str, Any]:
    """Return the handler of one kind of lines."""
    if not folder:
        return {"class": "logging.StreamHandler", "formatter": "json"}
    return {
        # The standard library's own loses lines where two processes turn a file over.
        "class": "concurrent_log_handler.ConcurrentRotatingFileHandler",
        "filename": str(Path(folder) / f"{name}.jsonl"),
        "maxBytes": LARGEST_BYTES,
        "backupCount": KEPT,
        "formatter": "json",
    }
