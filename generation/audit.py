"""What must be true of tasks and of the credits held for them; each query selects (row, purse or null)."""

from django.utils.translation import gettext_lazy as _

from credits.audit.checks import LEDGER, Check

# Each task with its hold, the purse that pays (the hold's own, else the owner's) and how many pictures it delivered.
# As with the ledger's own rows, what was settled before a purse's baseline is left out.
TASKS = """, tasks AS NOT MATERIALIZED (
        SELECT t.*, coalesce(h.purse_id, p.id) AS purse_id, h.id AS hold_id, h.purse_id AS hold_purse_id,
               p.id AS owner_purse_id, h.amount AS held, h.captured, h.refunded, h.overrun, h.state AS hold_state,
               (SELECT count(*) FROM generation_output o WHERE o.task_id = t.id AND o.artifact_id IS NOT NULL
                   AND NOT o.is_gift) AS delivered,
               CASE WHEN t.step > 0 THEN (
                   SELECT coalesce(sum((t.chain -> (o.step - 1) ->> 'price')::bigint), 0) FROM generation_output o
                    WHERE o.task_id = t.id AND o.artifact_id IS NOT NULL AND NOT o.is_gift) END AS due_of_steps
          FROM generation_task t
          LEFT JOIN credits_hold h ON h.reference = t.id
          LEFT JOIN credits_purse p ON p.platform_id = t.platform_id AND p."user" = t."user"
          LEFT JOIN baselines b ON b.purse_id = coalesce(h.purse_id, p.id)
         WHERE (b.version IS NULL OR CASE WHEN h.id IS NULL THEN t.created_at > b.lifted_at ELSE EXISTS (
                   SELECT FROM credits_transfer x WHERE x.hold_id = h.id AND x.purse_version > b.version) END)
"""
TOUCHED = "AND t.id IN (SELECT reference FROM holds)"
SCOPE = LEDGER.extend(full=f"{TASKS})", since=f"{TASKS} {TOUCHED})")

# A hold that ran out releases itself; its task ends a moment later, at its own deadline.
ENDED = """
    SELECT t.id, t.purse_id FROM tasks t
     WHERE t.price > 0 AND (t.hold_id IS NULL OR t.held <> t.price
        OR (t.state IN ('completed', 'failed', 'canceled') AND t.hold_state = 'open')
        OR (t.state IN ('pending', 'processing') AND t.hold_state = 'settled' AND NOT EXISTS (
               SELECT FROM credits_transfer x WHERE x.hold_id = t.hold_id AND x.reason = 'hold_expired')))
"""

LIVE = """
    SELECT h.id, h.purse_id FROM holds h LEFT JOIN generation_task t ON t.id = h.reference
     WHERE h.state = 'open' AND coalesce(t.state, '') NOT IN ('pending', 'processing')
"""

CAPTURED = """
    SELECT t.id, t.purse_id FROM tasks t
     WHERE t.hold_id IS NOT NULL
       AND CASE WHEN t.state = 'completed' AND t.step > 0 THEN t.captured + t.overrun <> t.due_of_steps
                WHEN t.state = 'completed' THEN t.captured + t.overrun <> t.delivered * CASE
                    WHEN t.cached_from_id IS NULL THEN t.unit_price ELSE coalesce(t.cached_unit_price, t.unit_price) END
                ELSE t.captured <> 0 END
"""

REFUNDED = """
    SELECT t.id, t.purse_id FROM tasks t JOIN generation_refundrequest r ON r.task_id = t.id AND r.state = 'done'
     GROUP BY t.id, t.purse_id, t.refunded HAVING sum(r.amount) > coalesce(t.refunded, 0)
"""

ONE_LIVE = """
    SELECT t.id, NULL FROM tasks t
      LEFT JOIN generation_attempt a ON a.task_id = t.id AND a.state IN ('queued', 'running', 'waiting', 'unknown')
     GROUP BY t.id, t.state
    HAVING count(a.id) <> CASE WHEN t.state IN ('pending', 'processing') THEN 1 ELSE 0 END
"""

LAST = """
    SELECT t.id, NULL FROM tasks t
      LEFT JOIN LATERAL (
          SELECT a.state FROM generation_attempt a WHERE a.task_id = t.id ORDER BY a.number DESC LIMIT 1
      ) l ON true
     WHERE l.state IS NULL OR l.state NOT IN (
         SELECT unnest(CASE t.state
             WHEN 'pending' THEN ARRAY['queued']
             WHEN 'processing' THEN ARRAY['queued', 'running', 'waiting', 'unknown']
             WHEN 'completed' THEN CASE WHEN t.step > 1 THEN ARRAY['succeeded', 'failed', 'abandoned', 'canceled']
                                        ELSE ARRAY['succeeded'] END
             WHEN 'canceled' THEN ARRAY['canceled']
             ELSE ARRAY['failed', 'abandoned', 'canceled'] END))
"""

SHARES = """
    SELECT s.id, NULL FROM generation_share s LEFT JOIN generation_attempt a ON a.share_id = s.id
     GROUP BY s.id
    HAVING s.waiting <> count(a.id) FILTER (WHERE a.state = 'queued')
        OR s.waiting_pictures <> coalesce(sum(a.cost) FILTER (WHERE a.state = 'queued'), 0)
        OR s.running <> count(a.id) FILTER (WHERE a.state IN ('running', 'waiting', 'unknown'))
"""

PAID_EDITS = """
    SELECT e.artifact_id, h.purse_id FROM storage_edit e LEFT JOIN credits_hold h ON h.reference = e.artifact_id
     WHERE e.price <> coalesce(h.captured, 0)
"""

# A count is no credit: a wrong one is told, and freezes nobody.
BACKLOG = """, live AS (
        SELECT s.platform_id, s."user", sum(a.cost) AS pictures
          FROM generation_attempt a JOIN generation_share s ON s.id = a.share_id
         WHERE a.state IN ('queued', 'running', 'waiting', 'unknown')
         GROUP BY s.platform_id, s."user"
    )
    SELECT b.id, NULL FROM generation_userbacklog b FULL JOIN live l USING (platform_id, "user")
     WHERE coalesce(b.pictures, 0) <> coalesce(l.pictures, 0)
    UNION ALL
    SELECT NULL, NULL
      FROM (SELECT platform_id, sum(pictures) AS pictures FROM generation_platformbacklog GROUP BY platform_id) b
      FULL JOIN (SELECT platform_id, sum(pictures) AS pictures FROM live GROUP BY platform_id) l USING (platform_id)
     WHERE coalesce(b.pictures, 0) <> coalesce(l.pictures, 0)
"""

FREE = """
    SELECT f.id, NULL FROM credits_freeuse f LEFT JOIN generation_task t ON t.id = f.reference
     WHERE coalesce(t.state, '') NOT IN ('pending', 'processing')
"""

# Whoever asks to be told gets a message of each end, written with it. An endpoint that was made, or asked for more, in
# that very moment may have come too late; after a day, what was told may be deleted.
TOLD = """
    SELECT t.id, NULL FROM tasks t JOIN webhooks_endpoint e ON e.platform_id = t.platform_id
     WHERE t.state IN ('completed', 'failed', 'canceled') AND e.removed_at IS NULL
       AND 'task.' || t.state = ANY (e.events) AND (e.url <> '' OR t.webhook <> '')
       AND coalesce(t.completed_at, t.failed_at, t.canceled_at) > e.asks_since + interval '1 minute'
       AND coalesce(t.completed_at, t.failed_at, t.canceled_at) > statement_timestamp() - interval '23 hours'
       AND NOT EXISTS (SELECT FROM webhooks_message m JOIN webhooks_delivery d ON d.message_id = m.id
                        WHERE m.about = t.id AND m.type = 'task.' || t.state AND d.endpoint_id = e.id)
"""

BATCHES = """
    SELECT b.id, NULL FROM generation_batch b LEFT JOIN generation_task t ON t.batch_id = b.id
     GROUP BY b.id
    HAVING b.total <> count(t.id) OR b.price <> coalesce(sum(t.price), 0)
        OR b.pending <> count(t.id) FILTER (WHERE t.state = 'pending')
        OR b.processing <> count(t.id) FILTER (WHERE t.state = 'processing')
        OR b.completed <> count(t.id) FILTER (WHERE t.state = 'completed')
        OR b.failed <> count(t.id) FILTER (WHERE t.state = 'failed')
        OR b.canceled <> count(t.id) FILTER (WHERE t.state = 'canceled')
        OR b.state <> CASE WHEN b.pending = b.total THEN 'pending'
                           WHEN b.pending + b.processing > 0 THEN 'processing'
                           WHEN b.cancel_asked_at IS NOT NULL AND b.canceled > 0 THEN 'canceled'
                           ELSE 'completed' END
"""

# As of tasks; an address that a batch brought is told whatever else its endpoint asks for.
BATCH_TOLD = """
    SELECT b.id, NULL FROM generation_batch b JOIN webhooks_endpoint e ON e.platform_id = b.platform_id
     WHERE e.removed_at IS NULL
       AND CASE WHEN e.url = '' THEN b.webhook <> '' ELSE 'batch.completed' = ANY (e.events) END
       AND b.ended_at > e.asks_since + interval '1 minute' AND b.ended_at > statement_timestamp() - interval '23 hours'
       AND NOT EXISTS (SELECT FROM webhooks_message m JOIN webhooks_delivery d ON d.message_id = m.id
                        WHERE m.about = b.id AND m.type = 'batch.completed' AND d.endpoint_id = e.id)
"""

AUDIT_CHECKS = {
    "ended_task_has_settled_hold": Check(
        _("A task's hold is of its price, open while it is under way and settled when it has ended."),
        ENDED,
        scope=SCOPE,
    ),
    "open_hold_has_live_task": Check(
        _("Each open hold is of a task under way."), LIVE, scope=SCOPE
    ),
    "free_task_has_no_hold": Check(
        _("A task that costs nothing holds nothing."),
        "SELECT t.id, t.purse_id FROM tasks t WHERE t.price = 0 AND t.hold_id IS NOT NULL",
        scope=SCOPE,
    ),
    "hold_is_of_the_tasks_owner": Check(
        _("A task is paid from its owner's purse."),
        "SELECT t.id, t.purse_id FROM tasks t WHERE t.hold_purse_id <> t.owner_purse_id"
        " OR (t.hold_id IS NOT NULL AND t.owner_purse_id IS NULL)",
        scope=SCOPE,
    ),
    "captured_is_price_of_delivered": Check(
        _("A completed task paid for the pictures it delivered; any other paid nothing."),
        CAPTURED,
        scope=SCOPE,
    ),
    "refunds_asked_for_were_paid": Check(
        _("A task's refunds that were carried out are in the ledger."), REFUNDED, scope=SCOPE
    ),
    "edit_was_paid": Check(
        _("An edited picture's price was paid when it was made, in whole."), PAID_EDITS, since=None
    ),
    "completed_task_delivered": Check(
        _("A task is completed when it delivered a picture, and only then."),
        "SELECT t.id, NULL FROM tasks t WHERE (t.state = 'completed') <> (t.delivered > 0)"
        " AND NOT (t.step > 1 AND t.state IN ('pending', 'processing'))",
        scope=SCOPE,
    ),
    "end_was_told": Check(
        _("The end of each task has a webhook message for whoever asks to be told."),
        TOLD,
        scope=SCOPE,
    ),
    "end_of_batch_was_told": Check(
        _("The end of each batch has a webhook message for whoever asks to be told."),
        BATCH_TOLD,
        since=BATCH_TOLD + " AND b.ended_at >= %(since)s",
    ),
    "batch_counts_its_tasks": Check(
        _("A batch counts its tasks by their states, and stands and has ended as they have."),
        BATCHES,
        since=None,
    ),
    "live_task_has_one_live_attempt": Check(
        _("A task under way has exactly one attempt under way, any other has none."),
        ONE_LIVE,
        scope=SCOPE,
    ),
    "task_agrees_with_its_last_attempt": Check(
        _("A task's state is what its last attempt came to."), LAST, scope=SCOPE
    ),
    "share_counts_its_attempts": Check(
        _("A share of a queue counts its waiting and running attempts."),
        SHARES,
        since=None,
        scope=SCOPE,
    ),
    "backlog_counts_what_is_under_way": Check(
        _("The counts of pictures under way are those of the attempts under way."),
        BACKLOG,
        since=None,
    ),
    "free_use_has_live_task": Check(
        _("What a budget counts of a free task is counted while the task is under way."),
        FREE,
        since=None,
    ),
}  # fmt: skip
