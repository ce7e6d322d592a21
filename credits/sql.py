"""The ledger's SQL. Each statement moves the purse's caches by a conditional UPDATE and writes the transfers that say
so, or does nothing: no reader and no crash ever sees one without the other."""

# Answers one row when it moved, none when a bucket holds too little.
MOVE = """
    WITH moved AS (
        UPDATE credits_purse
           SET available = available + %(available)s, held = held + %(held)s, version = version + 1
         WHERE id = %(purse)s
           AND available + %(available)s >= 0
           AND held + %(held)s >= 0
     RETURNING id, available, held, version
    )
    INSERT INTO credits_transfer
           (id, purse_id, source, target, amount, kind, key, hold_id, actor, reason,
            purse_version, available_after, held_after)
    SELECT %(id)s, id, %(source)s, %(target)s, %(amount)s, %(kind)s, %(key)s, %(hold)s, %(actor)s,
           %(reason)s, version, available, held
      FROM moved
"""

# All holds of an order or none. Answers whether the purse has lots to draw from and budgets to count against, what is
# available now, and when the transfers say that they were.
# A repetition finds its reference and moves nothing; one that runs beside the first fails at the unique reference.
HOLD = """
    WITH wanted AS (
        SELECT *, (sum(amount) OVER (ORDER BY position))::bigint AS running,
               (sum(amount) OVER ())::bigint AS total, count(*) OVER () AS holds
          FROM unnest(%(ids)s::uuid[], %(transfers)s::uuid[], %(references)s::uuid[], %(amounts)s::bigint[])
               WITH ORDINALITY AS w(id, transfer_id, reference, amount, position)
    ), moved AS (
        UPDATE credits_purse p
           SET available = p.available - w.total, held = p.held + w.total, version = p.version + w.holds
          FROM (SELECT total, holds FROM wanted LIMIT 1) w
         WHERE p.id = %(purse)s
           AND p.available >= w.total
           AND p.frozen_at IS NULL
           AND p.erased_at IS NULL
           AND p.stopped_at IS NULL
           AND (p.expires_next_at IS NULL OR p.expires_next_at > coalesce(%(at)s, statement_timestamp()))
           AND NOT EXISTS (SELECT FROM credits_hold h WHERE h.reference = ANY (%(references)s::uuid[]))
     RETURNING p.id, p.available, p.held, p.version, p.expires_next_at
    ), placed AS (
        INSERT INTO credits_hold (id, purse_id, reference, amount, expires_at)
        SELECT w.id, m.id, w.reference, w.amount, statement_timestamp() + %(lifetime)s FROM moved m, wanted w
    ), written AS (
        INSERT INTO credits_transfer
               (id, purse_id, source, target, amount, kind, key, hold_id, actor, reason,
                purse_version, available_after, held_after)
        SELECT w.transfer_id, m.id, 'available', 'held', w.amount, 'hold', 'hold:' || w.reference, w.id, %(actor)s,
               %(reason)s, m.version - w.holds + w.position, m.available + w.total - w.running,
               m.held - w.total + w.running
          FROM moved m, wanted w
    )
    SELECT expires_next_at IS NOT NULL,
           EXISTS (SELECT FROM credits_budget
                    WHERE is_active AND (purse_id = %(purse)s OR api_key_id = %(api_key)s)),
           available, statement_timestamp()
      FROM moved
"""

# One key, `settle:<hold>`, belongs to whichever of capture and release comes first, so that capture, release and
# expiry exclude each other. Answers nothing when the hold is not open; `moved` 0 can only mean that the caches lie. The
# time is that of the transfers.
SETTLE = """
    WITH settled AS (
        UPDATE credits_hold
           SET state = 'settled', captured = least(amount, %(due)s), released = amount - least(amount, %(due)s),
               overrun = greatest(%(due)s - amount, 0), settled_at = statement_timestamp()
         WHERE id = %(hold)s AND state = 'open'
     RETURNING purse_id, captured, released, overrun
    ), moved AS (
        UPDATE credits_purse p
           SET available = p.available + s.released, held = p.held - s.captured - s.released,
               version = p.version + (s.captured > 0)::int + (s.released > 0)::int + (s.overrun > 0)::int
          FROM settled s
         -- A subselect, since a join with a row yet unknown is planned as a walk over all purses.
         WHERE p.id = (SELECT purse_id FROM settled) AND p.held >= s.captured + s.released
     RETURNING p.id, p.available, p.held, p.version, s.captured, s.released, s.overrun
    ), written AS (
        INSERT INTO credits_transfer
               (id, purse_id, source, target, amount, kind, key, hold_id, actor, reason,
                purse_version, available_after, held_after)
        SELECT l.id, m.id, l.source, l.target, l.amount, l.kind, l.key, %(hold)s, %(actor)s, %(reason)s, l.version,
               l.available, l.held
          FROM moved m, LATERAL (VALUES
               (%(capture_id)s::uuid, 'held', 'revenue', m.captured, 'capture', 'settle:' || %(hold)s,
                m.version - (m.released > 0)::int - (m.overrun > 0)::int, m.available - m.released, m.held + m.released),
               (%(release_id)s::uuid, 'held', 'available', m.released, 'release',
                'settle:' || %(hold)s || CASE WHEN m.captured > 0 THEN ':rest' ELSE '' END,
                m.version - (m.overrun > 0)::int, m.available, m.held),
               (%(overrun_id)s::uuid, 'exposure', 'revenue', m.overrun, 'overrun', 'overrun:' || %(hold)s,
                m.version, m.available, m.held)
          ) AS l(id, source, target, amount, kind, key, version, available, held)
         WHERE l.amount > 0
    )
    SELECT purse_id, captured, released, (SELECT count(*) FROM moved) AS moved,
           EXISTS (SELECT FROM credits_lotuse WHERE hold_id = %(hold)s),
           EXISTS (SELECT FROM credits_budgetuse WHERE hold_id = %(hold)s), statement_timestamp()
      FROM settled
"""
