"""Places of events in what clients are told, and the news of events and of progress (NOTIFY, at commit)."""

from django.db import migrations, models

# Rows that are there already get 0 without being rewritten; those to come get none until they are committed.
POSITIONS = """
ALTER TABLE generation_event ADD COLUMN position bigint DEFAULT 0;
ALTER TABLE generation_event ALTER COLUMN position DROP DEFAULT;
CREATE SEQUENCE generation_event_position OWNED BY generation_event.position;
"""

NEWS = """
CREATE FUNCTION generation_tell_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('task_event', NEW.kind || ' ' || NEW.task_id);
    RETURN NULL;
END $$;

CREATE TRIGGER event_is_told AFTER INSERT ON generation_event
    FOR EACH ROW EXECUTE FUNCTION generation_tell_event();

CREATE FUNCTION generation_tell_progress() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('task_progress', NEW.task_id::text);
    RETURN NULL;
END $$;

CREATE TRIGGER progress_is_told AFTER UPDATE OF progress, preview ON generation_attempt
    FOR EACH ROW WHEN (NEW.ended_at IS NULL
        AND (NEW.progress IS DISTINCT FROM OLD.progress OR NEW.preview IS DISTINCT FROM OLD.preview))
    EXECUTE FUNCTION generation_tell_progress();
"""

NO_NEWS = """
DROP TRIGGER progress_is_told ON generation_attempt;
DROP FUNCTION generation_tell_progress();
DROP TRIGGER event_is_told ON generation_event;
DROP FUNCTION generation_tell_event();
"""


class Migration(migrations.Migration):
    dependencies = [("generation", "0021_strength")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    POSITIONS, "ALTER TABLE generation_event DROP COLUMN position"
                )
            ],
            state_operations=[
                migrations.AddField(
                    "event", "position", models.BigIntegerField(null=True, editable=False)
                )
            ],
        ),
        migrations.AddIndex(
            "event", models.Index(fields=["position"], name="event_by_position")
        ),
        migrations.RunSQL(NEWS, NO_NEWS),
    ]
