"""Days of a busy hub, written in sets: one order that the hub itself took and made, copied as often as it takes.

Every row that it left is copied with it, so a column that an order gains is there the next time. The books are
consistent to the last column; ids are those of their moments.
"""

from typing import Any

from django.db import connection

from tests.bench import books, server

TASKS_A_DAY = 100_000
# Of the purses that `accept.open_shop` opens; the order that is copied is of none of them.
USERS = 500
PRICE = books.PRICE
# Ids as `new_id` makes them: so many milliseconds of the past first, so that a later task's is larger.
ID = "(lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000' || '{}' || lpad(to_hex(n), 12, '0'))::uuid"
PAST = f"""
    CREATE TEMPORARY TABLE past AS
    SELECT n, at, u, 'user' || u AS "user", lpad(u::text, 32, '0')::uuid AS purse_id, 1 + (n - 1) / %(users)s AS turn,
           {ID.format("8000")} AS task_id, {ID.format("9000")} AS attempt_id, {ID.format("a000")} AS artifact_id,
           {ID.format("b000")} AS hold_id
      FROM generate_series(1, %(tasks)s) n,
           LATERAL (SELECT date_trunc('milliseconds',
                        now() - interval '1 hour' - (%(tasks)s - n) * interval '1 day' / %(a_day)s),
                    1 + (n - 1) %% %(users)s) t(at, u)
"""  # noqa: S608 (numbers and names of this file)
SHARES = """
    INSERT INTO generation_share (queue, priority, platform_id, "user")
    SELECT 'local', 5, %(platform)s::uuid, 'user' || u FROM generate_series(1, %(users)s) u
    ON CONFLICT DO NOTHING
"""
PURSES = """
    UPDATE credits_purse SET available = %(credits)s - %(price)s * %(cycles)s, version = 1 + 2 * %(cycles)s
     WHERE "user" IN (SELECT "user" FROM past)
"""
COUNTS = """
    INSERT INTO generation_taskcount AS c (platform_id, "user", total)
    SELECT %(platform)s, "user", count(*) FROM past GROUP BY "user"
    ON CONFLICT (platform_id, "user") DO UPDATE SET total = c.total + excluded.total
"""
SOON, LATER = "p.at + interval '1 second'", "p.at + interval '4 seconds'"
TIMES = {"created_at": "p.at", "started_at": SOON, "completed_at": LATER, "ended_at": LATER, "settled_at": LATER,
         "user": 'p."user"', "task_id": "p.task_id", "purse_id": "p.purse_id", "hold_id": "p.hold_id"}  # fmt: skip
PROMPT = "'a star ' || p.n || ' on a ' || (ARRAY['red', 'blue', 'green', 'golden'])[1 + p.n %% 4] || ' field ' || md5(p.n::text)"
# Each table with what differs from order to order; what is in TIMES need not be said. In the order of their keys.
TABLES: dict[str, dict[str, str]] = {
    "generation_task": {
        "id": "p.task_id", "request_id": "'req-' || p.n", "metadata": "jsonb_build_object('cart', p.n)", "cache_key": "md5(p.n::text)",
        "spec": f"m.spec || jsonb_build_object('prompt', {PROMPT})", "deadline_at": "p.at + interval '1 day'",
    },
    "generation_tasktext": {
        "text": f"""' ' || p."user" || ' ' || replace(p.task_id::text, '-', '') || ' ' || {PROMPT} || ' '""", "request_id": "'req-' || p.n",
    },
    "generation_attempt": {
        "id": "p.attempt_id", "run_at": "p.at", "needs_sweep": "false",
        "share_id": """(SELECT s.id FROM generation_share s WHERE s."user" = p."user" AND s.queue = 'local')""",
    },
    "generation_event": {
        "id": "nextval('generation_event_id_seq')", "position": "nextval('generation_event_position')",
        "attempt_id": "CASE WHEN m.attempt_id IS NOT NULL THEN p.attempt_id END",
    },
    "storage_artifact": {"id": "p.artifact_id", "key": "m.key || p.n", "sha256": "md5(p.n::text) || md5(p.u::text)"},
    "generation_output": {"id": "nextval('generation_output_id_seq')", "artifact_id": "p.artifact_id"},
    "platforms_idempotencykey": {
        "id": "nextval('platforms_idempotencykey_id_seq')", "key": "'order-' || p.n", "made_id": "p.task_id",
    },
    "credits_hold": {"id": "p.hold_id", "reference": "p.task_id", "expires_at": "p.at + interval '30 days'"},
    "credits_transfer": {
        "id": "CASE m.kind WHEN 'hold' THEN p.task_id ELSE p.attempt_id END",
        "key": "CASE m.kind WHEN 'hold' THEN 'hold:' || p.task_id ELSE 'settle:' || p.hold_id END",
        "purse_version": "2 * p.turn + (m.kind <> 'hold')::int", "available_after": f"{books.CREDITS} - {PRICE} * p.turn",
    },
}  # fmt: skip
# Which rows of the order itself are copied.
OF_ORDER = {
    "generation_task": "m.id = %(task)s", "storage_artifact": "m.id = %(artifact)s", "credits_hold": "m.reference = %(task)s",
    "credits_transfer": "m.hold_id = %(hold)s", "platforms_idempotencykey": "m.made_id = %(task)s",
}  # fmt: skip


def fill(tasks: int, order: dict[str, Any]) -> None:
    """Write so many tasks, TASKS_A_DAY a day until an hour ago, over the purses and places of USERS users.

    `order` names by their ids the rows of an order that is completed: task, artifact, hold, platform.
    """
    values = order | {"tasks": tasks, "users": USERS, "a_day": TASKS_A_DAY}
    values |= {"credits": books.CREDITS, "price": PRICE, "cycles": tasks // USERS}
    with connection.cursor() as cursor:
        # Row by row, the triggers would take an hour for what COUNTS does at once; and so would the indexes.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for statement in (PAST, SHARES, COUNTS, PURSES):
            cursor.execute(statement, values)
        cursor.execute("ANALYZE past")
        for table, differs in TABLES.items():
            indexes = drop_indexes(cursor, table)
            cursor.execute(copy(cursor, table, TIMES | differs), values)
            server.say(f"· {table}: {cursor.rowcount} rows written")
            for index in indexes:
                cursor.execute(index)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("DROP TABLE past")
    books.tidy()


def copy(cursor: Any, table: str, differs: dict[str, str]) -> str:
    """Return the statement that copies an order's rows of a table for each task of the past."""
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'", [table]
    )  # fmt: skip
    columns = [name for (name,) in cursor.fetchall()]
    # A time that the order itself does not have, none of its copies has.
    found = [
        f'CASE WHEN m."{c}" IS NOT NULL THEN {differs[c]} END' if c.endswith("_at") and c in differs
        else differs.get(c, f'm."{c}"')
        for c in columns
    ]  # fmt: skip
    names = ", ".join(f'"{name}"' for name in columns)
    rows = OF_ORDER.get(table, "m.task_id = %(task)s")
    chosen = f"SELECT {', '.join(found)} FROM past p CROSS JOIN {table} m WHERE {rows} ORDER BY p.n"  # noqa: S608 (names of tables and columns)
    return f"INSERT INTO {table} ({names}) {chosen}"


def drop_indexes(cursor: Any, table: str) -> list[str]:
    """Drop a table's indexes that keep no promise, and return the statements that make them again."""
    cursor.execute(
        "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " WHERE i.indrelid = %s::regclass AND NOT i.indisunique",
        [table],
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [definition for _, definition in found]
