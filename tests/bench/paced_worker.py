"""The hub's own Celery app whose stub is a device of this machine: each order takes PACE_SECONDS, and next to no CPU.

`celery -A tests.bench.paced_worker worker`
"""

import os
import time
from typing import Any

from celery import signals

from genhub.celery import app

__all__ = ["app"]
PACE_SECONDS = float(os.environ.get("PACE_SECONDS", "0"))


@signals.worker_init.connect
def pace(**_: Any) -> None:
    """Let the stub take its time, and be no vendor: what its worker had may be made anew."""
    from generation.providers.base import Capabilities  # noqa: PLC0415 (once Django is set up)
    from generation.providers.stub import StubProvider  # noqa: PLC0415 (once Django is set up)

    submit = StubProvider.submit

    def submit_slowly(self: StubProvider, work: Any) -> Any:
        time.sleep(PACE_SECONDS)
        return submit(self, work)

    StubProvider.capabilities = Capabilities(is_remote=False)
    StubProvider.submit = submit_slowly  # type: ignore[method-assign]
