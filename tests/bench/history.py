"""Tasks of the past, written in sets: canceled long ago, each with its attempt and the row that it is found by."""

from typing import Any

from django.db import connection

from generation.models import Account
from genhub.platforms.models import Platform
from tests.bench import books

# Ids as `new_id` makes them: so many milliseconds of the past first, so that a later task's is larger.
NUMBERED = """
    CREATE TEMPORARY TABLE past AS
    SELECT n, 'user' || (1 + n %% %(users)s) AS "user", at,
           (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000' || '8000'
            || lpad(to_hex(n), 12, '0'))::uuid AS id,
           (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000' || '9000'
            || lpad(to_hex(n), 12, '0'))::uuid AS attempt_id
      FROM generate_series(1, %(number)s) n,
           LATERAL (SELECT date_trunc('milliseconds', now() - interval '30 days' + n * interval '2 milliseconds')) t(at)
"""
TASKS = """
    INSERT INTO generation_task
           (id, platform_id, "user", state, model, style, quality, mode, priority, spec, metadata, num_images,
            unit_price, price, pricing, error_code, error_params, created_at, deadline_at, canceled_at)
    SELECT id, %(platform)s, "user", 'canceled', 'z-image-small', '', 'standard', '', 5,
           jsonb_build_object('media_type', 'image', 'model', 'z-image-small', 'prompt', 'a star ' || n,
               'negative_prompt', 'blurry', 'width', 512, 'height', 512, 'steps', 8, 'cfg_scale', 1.0,
               'seeds', jsonb_build_array(n), 'number', 1, 'quality', 'standard', 'strength', null),
           jsonb_build_object('cart', n), 1, 0, 0, '{}', '', '{}', at, at + interval '1 day', at
      FROM past ORDER BY n
"""
SHARES = """
    INSERT INTO generation_share (queue, priority, platform_id, "user")
    SELECT DISTINCT 'local', 5, %(platform)s::uuid, "user" FROM past
    ON CONFLICT DO NOTHING
"""
ATTEMPTS = """
    INSERT INTO generation_attempt
           (id, task_id, number, provider_id, share_id, cost, state, worker, remote_id, error_code, error_detail,
            usage, evidence, suggested, timings, facts, created_at, ended_at)
    SELECT p.attempt_id, p.id, 1, %(account)s, s.id, 1, 'canceled', '', '', '', '', '{}', '{}', '[]', '{}', '{}', p.at,
           p.at
      FROM past p
      JOIN generation_share s ON s."user" = p."user" AND s.platform_id = %(platform)s AND s.queue = 'local'
           AND s.priority = 5
     ORDER BY p.n
"""
COUNTS = """
    INSERT INTO generation_taskcount AS c (platform_id, "user", total)
    SELECT %(platform)s, "user", count(*) FROM past GROUP BY "user"
    ON CONFLICT (platform_id, "user") DO UPDATE SET total = c.total + excluded.total
"""


def fill(platform: Platform, account: Account, number: int, *, users: int) -> None:
    """Write so many tasks, evenly over the users `user1` and on; what triggers count is counted here."""
    values: dict[str, Any] = {
        "platform": platform.pk,
        "account": account.pk,
        "number": number,
        "users": users,
    }
    with connection.cursor() as cursor:
        cursor.execute(NUMBERED, values)
        # Row by row, the triggers would take an hour for what COUNTS does at once.
        cursor.execute("SET session_replication_role = replica")
        for statement in (TASKS, SHARES, ATTEMPTS):
            cursor.execute(statement, values)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute(COUNTS, values)
        cursor.execute("DROP TABLE past")
    books.tidy()
