"""The pace of pictures: what each delivered attempt adds to the running figures from which waits are estimated."""

import math
from collections.abc import Mapping

from generation.life.claims import Claim
from generation.selectors.line import FORGETS_IN_SECONDS
from genhub.lib.planned import planned_cursor

# A mean of the last pictures, in which those of a while ago count less (beyond 50 times what it takes to forget, no
# column holds what is left). Whoever finds the row taken leaves it: what one attempt took is no loss, and no end waits
# for another. A kind that is new begins with its first attempt.
MOVE = """
    WITH took AS (
        SELECT a.provider_id, t.model, a.cost AS pictures,
               extract(epoch FROM statement_timestamp() - a.started_at) / (a.batch_size * a.cost) AS elapsed,
               greatest(%(drawing)s::float / a.batch_size, %(storing)s::float) / a.cost AS busy
          FROM generation_attempt a
          JOIN generation_task t ON t.id = a.task_id
         WHERE a.id = %(attempt)s
    ), known AS (
        SELECT p.id FROM generation_pace p JOIN took USING (provider_id, model)
         WHERE p.size = %(size)s AND p.steps = %(steps)s
    ), free AS (
        SELECT p.id FROM generation_pace p JOIN known USING (id) FOR UPDATE OF p SKIP LOCKED
    ), moved AS (
        UPDATE generation_pace p
           SET seconds = (p.seconds * old.weight + took.elapsed * took.pictures) / (old.weight + took.pictures),
               busy_seconds = (p.busy_seconds * old.weight + coalesce(took.busy, took.elapsed) * took.pictures)
                              / (old.weight + took.pictures),
               weight = old.weight + took.pictures,
               updated_at = statement_timestamp()
          FROM free, took, LATERAL (
               SELECT least(k.weight, %(most)s)
                      * exp(-least(extract(epoch FROM statement_timestamp() - k.updated_at) / %(forgets)s, 50))::float
                      AS weight
                 FROM generation_pace k WHERE k.id = free.id) old
         WHERE p.id = free.id
    )
    INSERT INTO generation_pace (provider_id, model, size, steps, seconds, busy_seconds, weight)
    SELECT provider_id, model, %(size)s, %(steps)s, elapsed, coalesce(busy, elapsed), pictures
      FROM took
     WHERE NOT EXISTS (SELECT 1 FROM known)
        ON CONFLICT DO NOTHING
"""
# Pictures that the mean is of at most: a change of the machine shows within some dozens.
MOST_WEIGHT = 64
# An engine decodes and stores while the next batch is drawn: the longer of the two is what a worker is busy for.
STORING = ("decode", "encode_store")
# Of a model that was not there yet: once, not with each picture.
ONCE = "load"


def note(claim: Claim, timings: Mapping[str, float]) -> None:
    """Add a delivered attempt to the figures of its kind, in the transaction that ends it."""
    spec = claim.spec
    values = {
        "attempt": claim.attempt_id,
        **find_busy(claim, timings),
        "size": size_of(spec.width, spec.height),
        "steps": spec.steps or 0,
        "most": MOST_WEIGHT,
        "forgets": FORGETS_IN_SECONDS,
    }
    with planned_cursor() as cursor:
        cursor.execute(MOVE, values)


def size_of(width: int, height: int) -> int:
    """Return the kind of a size: the power of two that is nearest to its pixels."""
    return round(math.log2(max(width * height, 1)))


def find_busy(claim: Claim, timings: Mapping[str, float]) -> dict[str, float | None]:
    """Return for how many seconds a worker drew an attempt's batch, and stored what is the attempt's own; without any,
    it was busy all the time."""
    if claim.remote_id:
        # Its vendor worked, and nobody slept for it.
        return {"drawing": 0.0, "storing": 0.0}
    drawing = sum(took for stage, took in timings.items() if stage not in (*STORING, ONCE))
    if not drawing:
        return {"drawing": None, "storing": None}
    return {"drawing": drawing, "storing": sum(timings.get(stage, 0.0) for stage in STORING)}
