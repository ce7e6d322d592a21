"""Keys of orders move to the table of all keys; pictures that orders have named so far are marked as used; the steps of
tasks are found by age.

The old table of keys stays for a release, unwritten and unread, so that the release before may be put back. Everything
of the hub is stopped while it is prepared, so nobody writes into it after the copy.
"""

import django.db.models.deletion
from django.db import migrations, models

COPY = """
INSERT INTO platforms_idempotencykey (platform_id, "user", scope, key, fingerprint, made_id, created_at)
     SELECT platform_id, "user", 'order', key, fingerprint, task_id, created_at FROM generation_idempotencykey
ON CONFLICT DO NOTHING
"""
COPY_BACK = """
INSERT INTO generation_idempotencykey (platform_id, "user", key, fingerprint, task_id, created_at)
     SELECT platform_id, "user", key, fingerprint, made_id, created_at
       FROM platforms_idempotencykey WHERE scope = 'order'
ON CONFLICT (platform_id, "user", key) DO NOTHING
"""
FORGET_GONE = """
DELETE FROM generation_idempotencykey k
 WHERE NOT EXISTS (SELECT FROM generation_task t WHERE t.id = k.task_id)
    OR NOT EXISTS (SELECT FROM platforms_platform p WHERE p.id = k.platform_id)
"""
MARK_USED = """
UPDATE storage_artifact a SET used_at = named.at
  FROM (SELECT input, min(created_at) AS at
          FROM (SELECT spec->>'image' AS input, created_at FROM generation_task
                UNION ALL SELECT spec->>'mask', created_at FROM generation_task) inputs
         WHERE input ~ '^art_[0-9a-f]{32}$' GROUP BY input) named
 WHERE a.id = substr(named.input, 5)::uuid AND a.used_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("generation", "0012_accounts_and_offers"),
        ("platforms", "0004_idempotency_keys"),
        ("storage", "0004_unused_uploads"),
    ]
    operations = [
        migrations.AlterField(
            model_name="idempotencykey",
            name="task",
            field=models.ForeignKey(
                to="generation.task", on_delete=django.db.models.deletion.CASCADE, related_name="+", db_constraint=False
            ),
        ),
        migrations.AlterField(
            model_name="idempotencykey",
            name="platform",
            field=models.ForeignKey(
                to="platforms.platform", on_delete=django.db.models.deletion.CASCADE, related_name="+",
                db_constraint=False,
            ),
        ),
        # On the way back from the last to the first: what is gone since has no keys.
        migrations.RunSQL(migrations.RunSQL.noop, FORGET_GONE),
        migrations.RunSQL(COPY, COPY_BACK),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name="IdempotencyKey")]),
        migrations.RunSQL(MARK_USED, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["created_at"], name="event_by_age"),
        ),
    ]
