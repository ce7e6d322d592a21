"""Keys of uploads move to the table of all keys, and an artifact says when an order first named it.

The old table stays for a release, unwritten and unread, so that the release before may be put back; nothing refers from
it to rows that may go. Everything of the hub is stopped while it is prepared, so nobody writes into it after the copy.
"""

import django.db.models.deletion
from django.db import migrations, models

COPY = """
INSERT INTO platforms_idempotencykey (platform_id, "user", scope, key, fingerprint, made_id, created_at)
     SELECT platform_id, "user", 'upload', key, fingerprint, artifact_id, created_at FROM storage_uploadkey
ON CONFLICT DO NOTHING
"""
COPY_BACK = """
INSERT INTO storage_uploadkey (platform_id, "user", key, fingerprint, artifact_id, created_at)
     SELECT k.platform_id, k."user", k.key, k.fingerprint, k.made_id, k.created_at
       FROM platforms_idempotencykey k JOIN storage_artifact a ON a.id = k.made_id
      WHERE k.scope = 'upload'
ON CONFLICT (platform_id, "user", key) DO NOTHING
"""
FORGET_GONE = """
DELETE FROM storage_uploadkey k
 WHERE NOT EXISTS (SELECT FROM storage_artifact a WHERE a.id = k.artifact_id)
    OR NOT EXISTS (SELECT FROM platforms_platform p WHERE p.id = k.platform_id)
"""


class Migration(migrations.Migration):
    dependencies = [("platforms", "0004_idempotency_keys"), ("storage", "0003_upload_folders")]
    operations = [
        migrations.AlterField(
            model_name="uploadkey",
            name="artifact",
            field=models.ForeignKey(
                to="storage.artifact", on_delete=django.db.models.deletion.CASCADE, related_name="+", db_constraint=False
            ),
        ),
        migrations.AlterField(
            model_name="uploadkey",
            name="platform",
            field=models.ForeignKey(
                to="platforms.platform", on_delete=django.db.models.deletion.CASCADE, related_name="+",
                db_constraint=False,
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, FORGET_GONE),
        migrations.RunSQL(COPY, COPY_BACK),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name="UploadKey")]),
        migrations.AddField(
            model_name="artifact",
            name="used_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="artifact",
            index=models.Index(
                condition=models.Q(("key__startswith", "uploads/"), ("used_at", None)),
                fields=["created_at"],
                name="upload_unused_by_age",
            ),
        ),
    ]
