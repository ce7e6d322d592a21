"""Tasks are found by the request that ordered them; staff may forget what is remembered of users."""

import django.db.models.deletion
from django.db import migrations, models

WRITE = """
CREATE OR REPLACE FUNCTION generation_write_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO generation_tasktext (task_id, text, request_id)
    VALUES (NEW.id, generation_text_of(NEW), NEW.request_id);
    RETURN NULL;
END $$;

UPDATE generation_tasktext x SET request_id = t.request_id
  FROM generation_task t
 WHERE t.id = x.task_id AND t.request_id > '';
"""

UNDO = """
CREATE OR REPLACE FUNCTION generation_write_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO generation_tasktext (task_id, text) VALUES (NEW.id, generation_text_of(NEW));
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("generation", "0029_other_names")]

    operations = [
        migrations.AddField(
            model_name="tasktext",
            name="request_id",
            field=models.CharField(db_default="", default="", editable=False, max_length=128),
        ),
        migrations.RunSQL(WRITE, UNDO),
        migrations.AddIndex(
            model_name="tasktext",
            index=models.Index(fields=["request_id"], name="task_by_request"),
        ),
        migrations.AlterModelOptions(
            name="preferences",
            options={
                "permissions": [("forget_preferences", "Can forget preferences of users")],
                "verbose_name": "preferences of a user",
                "verbose_name_plural": "preferences of users",
            },
        ),
        migrations.AlterModelOptions(
            name="subject",
            options={
                "ordering": ("-id",),
                "permissions": [("forget_subject", "Can forget subjects of users")],
                "verbose_name": "subject",
                "verbose_name_plural": "subjects",
            },
        ),
        migrations.AlterField(
            model_name="preferences",
            name="platform",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="platforms.platform",
                verbose_name="platform",
            ),
        ),
        migrations.AlterField(
            model_name="subject",
            name="platform",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="platforms.platform",
                verbose_name="platform",
            ),
        ),
    ]
