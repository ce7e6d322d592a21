"""The text that staff search tasks by, its trigram index, and the trigger that writes it."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.contrib.postgres.operations import TrigramExtension
from django.db import ProgrammingError, migrations, models
from django.db.utils import NotSupportedError, OperationalError

ADVICE = (
    "the extension pg_trgm is needed and could not be created ({error}). It comes with PostgreSQL (Debian, Ubuntu: "
    "package postgresql-contrib in older releases). Let a superuser run, in this database: CREATE EXTENSION pg_trgm; "
    "then run this again."
)


class Trigrams(TrigramExtension):
    """Makes the extension; where the role may not, says who must do what."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        except (ProgrammingError, OperationalError, NotSupportedError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ProgrammingError(ADVICE.format(error=reason)) from error

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """Leave it: others may use it."""


TEXT = r"""
CREATE FUNCTION generation_searchable(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN octet_length(words) = length(words) THEN lower(words) ELSE
        (SELECT string_agg(CASE WHEN ascii(c) > 127 THEN 'u' || lpad(to_hex(ascii(c)), 5, '0') ELSE c END, ''
                           ORDER BY n)
           FROM string_to_table(lower(words), NULL) WITH ORDINALITY AS letters (c, n)) END
$$;

CREATE FUNCTION generation_text_of(task generation_task) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT generation_searchable(
        ' ' || task."user" || ' task_' || replace(task.id::text, '-', '') || ' ' || coalesce(task.spec->>'prompt', '')
        || ' ' || coalesce(task.spec->>'negative_prompt', '') || ' '
        || CASE WHEN task.metadata = '{}' THEN '' ELSE task.metadata::text || ' ' END)
$$;

CREATE FUNCTION generation_write_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO generation_tasktext (task_id, text) VALUES (NEW.id, generation_text_of(NEW));
    RETURN NULL;
END $$;

INSERT INTO generation_tasktext (task_id, text) SELECT t.id, generation_text_of(t) FROM generation_task t;

CREATE TRIGGER task_is_searchable AFTER INSERT ON generation_task
    FOR EACH ROW EXECUTE FUNCTION generation_write_text();
"""

UNDO = """
DROP TRIGGER task_is_searchable ON generation_task;
DROP FUNCTION generation_write_text();
DROP FUNCTION generation_text_of(generation_task);
DROP FUNCTION generation_searchable(text);
"""


class Migration(migrations.Migration):
    dependencies = [("generation", "0006_loop_beats")]

    operations = [
        Trigrams(),
        migrations.CreateModel(
            name="TaskText",
            fields=[
                (
                    "task",
                    models.OneToOneField(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_text",
                        serialize=False,
                        to="generation.task",
                    ),
                ),
                ("text", models.TextField(editable=False)),
            ],
        ),
        migrations.RunSQL(TEXT, UNDO),
        # Rows that the statements above wrote await their check; an index cannot be made before it.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="tasktext",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["text"], name="task_text", opclasses=["gin_trgm_ops"]
            ),
        ),
    ]
