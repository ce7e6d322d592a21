"""A month of tasks as a busy hub has them: delivered, failed and canceled, each with its money, picture and events."""

from typing import Any

from django.db import connection

from generation.models import Account
from genhub.platforms.models import Platform
from tests.bench import books
from tests.bench.history import COUNTS, SHARES

# Every tenth failed and every twentieth was canceled; ids as `new_id` makes them.
NUMBERED = """
    CREATE TEMPORARY TABLE past AS
    SELECT n, 'user' || (1 + n %% %(users)s) AS "user", lpad((1 + n %% %(users)s)::text, 32, '0')::uuid AS purse_id, at,
           CASE WHEN n %% 10 = 0 THEN 'failed' WHEN n %% 20 = 1 THEN 'canceled' ELSE 'completed' END AS state,
           head || '70008000' || tail AS text, (head || '70008000' || tail)::uuid AS id,
           (head || '70009000' || tail)::uuid AS attempt_id, (head || '7000a000' || tail)::uuid AS artifact_id,
           (head || '7000b000' || tail)::uuid AS hold_id, (head || '7000b001' || tail)::uuid AS held_id,
           (head || '7000b002' || tail)::uuid AS settled_id
      FROM generate_series(1, %(number)s) n,
           LATERAL (SELECT date_trunc('milliseconds', now() - interval '30 days' * (1 - n::float / %(number)s)) - interval '5 minutes') t(at),
           LATERAL (SELECT lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0'), lpad(to_hex(n), 12, '0')) i(head, tail)
"""
TASKS = """
    INSERT INTO generation_task
           (id, platform_id, "user", state, model, style, quality, mode, priority, spec, metadata, num_images, unit_price,
            price, pricing, error_code, error_params, created_at, deadline_at, started_at, completed_at, failed_at, canceled_at)
    SELECT id, %(platform)s, "user", state, 'z-image-small', '', 'standard', '', 5,
           jsonb_build_object('media_type', 'image', 'model', 'z-image-small', 'prompt', 'a yellow star ' || n,
               'negative_prompt', 'blurry', 'width', 512, 'height', 512, 'steps', 8, 'cfg_scale', 1.0,
               'seeds', jsonb_build_array(n), 'number', 1, 'quality', 'standard', 'strength', null),
           jsonb_build_object('cart', n), 1, 10, 10, '{}', CASE state WHEN 'failed' THEN 'generation_failed' ELSE '' END,
           '{}', at, at + interval '1 day', at + interval '1 second',
           CASE state WHEN 'completed' THEN at + interval '9 seconds' END,
           CASE state WHEN 'failed' THEN at + interval '9 seconds' END,
           CASE state WHEN 'canceled' THEN at + interval '9 seconds' END
      FROM past ORDER BY n
"""
TEXTS = """
    INSERT INTO generation_tasktext (task_id, text)
    SELECT id, generation_searchable(' ' || "user" || ' a yellow star ' || n || ' blurry cart ' || n || ' ' || text || ' ')
      FROM past ORDER BY n
"""
ATTEMPTS = """
    INSERT INTO generation_attempt
           (id, task_id, number, provider_id, share_id, cost, state, worker, remote_id, error_code, error_detail, usage,
            evidence, suggested, timings, facts, created_at, started_at, ended_at, sending_at)
    SELECT p.attempt_id, p.id, 1, %(account)s, s.id, 1, CASE p.state WHEN 'completed' THEN 'succeeded' ELSE p.state END,
           'local@bench', '', CASE p.state WHEN 'failed' THEN 'generation_failed' ELSE '' END, '', '{}', '{}', '[]', '{}',
           '{}', p.at, p.at, p.at + interval '9 seconds', p.at
      FROM past p
      JOIN generation_share s ON s."user" = p."user" AND s.platform_id = %(platform)s AND s.queue = 'local'
           AND s.priority = 5
     ORDER BY p.n
"""
ARTIFACTS = """
    INSERT INTO storage_artifact
           (id, platform_id, "user", key, thumbnail_key, sha256, content_type, size_bytes, width, height, created_at)
    SELECT artifact_id, %(platform)s, "user", 'outputs/' || id || '.webp', 'thumbnails/' || id || '.webp',
           lpad(to_hex(n), 64, '0'), 'image/webp', 100000, 512, 512, at
      FROM past WHERE state = 'completed' ORDER BY n
"""
OUTPUTS = """
    INSERT INTO generation_output (task_id, position, seed, artifact_id, error_code)
    SELECT id, 0, n, artifact_id, '' FROM past WHERE state = 'completed' ORDER BY n
"""
EVENTS = """
    INSERT INTO generation_event (kind, data, created_at, attempt_id, task_id, position)
    SELECT kind, '{}', at + after * interval '1 second', attempt_id, id, 2 * n + after
      FROM past, LATERAL (VALUES ('submitted', 0), (state, 1)) e(kind, after) ORDER BY n, after
"""
HOLDS = """
    INSERT INTO credits_hold
           (id, purse_id, reference, amount, captured, released, state, created_at, expires_at, settled_at)
    SELECT hold_id, purse_id, id, 10, CASE state WHEN 'completed' THEN 10 ELSE 0 END,
           CASE state WHEN 'completed' THEN 0 ELSE 10 END, 'settled', at, at + interval '30 days', at + interval '9 seconds'
      FROM past ORDER BY n
"""
MOVES = """
    INSERT INTO credits_transfer
           (id, purse_id, source, target, amount, kind, key, hold_id, actor, reason, created_at, purse_version,
            available_after, held_after)
    SELECT m.id, purse_id, source, target, 10, kind, kind || ':' || past.id, hold_id, 'system', 'ai_generation',
           at + after * interval '9 seconds', 2 * n + after, 1000, 10 - 10 * after
      FROM past,
           LATERAL (VALUES (held_id, 'available', 'held', 'hold', 0),
                           (settled_id, 'held', CASE state WHEN 'completed' THEN 'revenue' ELSE 'available' END,
                            CASE state WHEN 'completed' THEN 'capture' ELSE 'release' END, 1)
                   ) m(id, source, target, kind, after)
     ORDER BY n, after
"""


def fill_month(platform: Platform, account: Account, number: int, *, users: int) -> None:
    """Write so many tasks of the last thirty days, evenly over the purses `user1` and on that `books.fill` opened."""
    values: dict[str, Any] = {
        "platform": platform.pk,
        "account": account.pk,
        "number": number,
        "users": users,
    }
    written = (TASKS, TEXTS, SHARES, ATTEMPTS, ARTIFACTS, OUTPUTS, EVENTS, HOLDS, MOVES)
    with connection.cursor() as cursor:
        cursor.execute(NUMBERED, values)
        # Row by row, the triggers would take an hour for what COUNTS does at once.
        cursor.execute("SET session_replication_role = replica")
        for statement in written:
            cursor.execute(statement, values)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute(COUNTS, values)
        cursor.execute("DROP TABLE past")
    books.tidy()
