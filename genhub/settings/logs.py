"""Logging: lines for people on the console, one JSON object per request in rotating files."""

from pathlib import Path
from typing import Any

import structlog


def logging_config(*, folder: str) -> dict[str, Any]:
    """Return Django's LOGGING; requests go to `folder`/requests.jsonl (10 MB x 5), or to the console without one."""
    handlers: dict[str, Any] = {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
        "requests": {"class": "logging.StreamHandler", "formatter": "json"},
    }
    if folder:
        handlers["requests"] = {
            "class": "logging.handlers.RotatingFileHandler",
            "filename": str(Path(folder) / "requests.jsonl"),
            "maxBytes": 10 * 1024 * 1024,
            "backupCount": 5,
            "delay": True,
            "formatter": "json",
        }
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
        "handlers": handlers,
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            # Its lines hold whole addresses, which may be signed.
            "httpx2": {"level": "WARNING"},
            "genhub.requests": {"handlers": ["requests"], "level": "INFO", "propagate": False},
        },
    }
