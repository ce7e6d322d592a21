"""One log line per attempt that this worker ended, and the ids in every other line that it writes of an order.

Never a prompt, a picture's address or a user: what an order says stands in its task.
"""

import logging
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager

from generation.life.claims import Claim
from generation.providers.base import Outcome
from generation.providers.errors import ProviderError
from generation.work import traces
from genhub.lib import requestid, tracing
from genhub.lib.ids import to_wire

logger = logging.getLogger("genhub.jobs")

WAITING = "waiting"


def working_on(claims: Sequence[Claim]) -> AbstractContextManager[None]:
    """Name the tasks of attempts, and the request that ordered them where there is one, in this thread's lines."""
    requests = {claim.request_id for claim in claims}
    tasks = " ".join(to_wire("task", claim.task_id) for claim in claims)
    return requestid.working_for(requests.pop() if len(requests) == 1 else "", tasks)


def tell(claim: Claim, outcome: Outcome, how: str) -> None:
    """Log how an attempt ended here; what its vendor still works on has not."""
    if how == WAITING:
        return
    spec = claim.spec
    logger.info(
        "attempt",
        extra={
            **traces.name(claim),
            "request_id": claim.request_id,
            "ended": how,
            "error": outcome.code if isinstance(outcome, ProviderError) else "",
            # Since this worker took it; of an order that was asked for, since it was last asked for.
            "seconds": round(time.monotonic() - claim.taken_at, 4),
            "queue": claim.queue,
            "media_type": spec.media_type,
            "width": spec.width,
            "height": spec.height,
            "pictures": spec.number,
            "trace_id": tracing.trace_of(claim.traceparent),
        },
    )
