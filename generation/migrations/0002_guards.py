"""What the database itself keeps: no move out of an end, the counts and virtual starts of shares, the count of tasks."""

from django.db import migrations

GUARDS = """
CREATE FUNCTION generation_guard_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> NEW.state AND OLD.state = ANY (TG_ARGV) THEN
        RAISE EXCEPTION 'generation: % is an end of %', OLD.state, TG_TABLE_NAME
              USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER task_stays_ended BEFORE UPDATE OF state ON generation_task
    FOR EACH ROW EXECUTE FUNCTION generation_guard_end('completed', 'failed', 'canceled');
CREATE TRIGGER attempt_stays_ended BEFORE UPDATE OF state ON generation_attempt
    FOR EACH ROW EXECUTE FUNCTION generation_guard_end('succeeded', 'failed', 'canceled', 'abandoned');

-- Start-time fair queueing. A share that begins to wait starts at the queue's virtual time (the smallest start that
-- could be served now, or the largest of all when none could), so that nobody saves up turns and nobody is in debt for old ones;
-- being served moves it on by the pictures asked for.
CREATE FUNCTION generation_count_share() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    waits   int := (NEW.state = 'queued')::int;
    runs    int := (NEW.state = 'running')::int;
    waited  int := 0;
    ran     int := 0;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        waited := (OLD.state = 'queued')::int;
        ran := (OLD.state = 'running')::int;
    END IF;
    IF waits = waited AND runs = ran THEN RETURN NULL; END IF;
    UPDATE generation_share s
       SET waiting = s.waiting + waits - waited,
           running = s.running + runs - ran,
           virtual_start = CASE
               WHEN waited = 1 AND runs = 1 THEN s.virtual_start + NEW.cost
               WHEN waits = 1 AND s.waiting = 0 THEN greatest(s.virtual_start, coalesce(
                   (SELECT o.virtual_start FROM generation_share o
                     WHERE o.queue = s.queue AND o.priority = s.priority AND o.waiting > 0
                       AND (o.cap IS NULL OR o.running < o.cap)
                       AND EXISTS (SELECT 1 FROM generation_attempt d WHERE d.share_id = o.id
                                      AND d.state = 'queued' AND d.run_at <= statement_timestamp())
                     ORDER BY o.virtual_start LIMIT 1),
                   (SELECT o.virtual_start FROM generation_share o
                     WHERE o.queue = s.queue AND o.priority = s.priority
                     ORDER BY o.virtual_start DESC LIMIT 1)))
               ELSE s.virtual_start
           END
     WHERE s.id = NEW.share_id;
    RETURN NULL;
END $$;

CREATE TRIGGER share_counts AFTER INSERT OR UPDATE OF state ON generation_attempt
    FOR EACH ROW EXECUTE FUNCTION generation_count_share();

CREATE FUNCTION generation_count_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO generation_taskcount AS c (platform_id, "user", total) VALUES (NEW.platform_id, NEW."user", 1)
    ON CONFLICT (platform_id, "user") DO UPDATE SET total = c.total + 1;
    RETURN NULL;
END $$;

CREATE TRIGGER tasks_are_counted AFTER INSERT ON generation_task
    FOR EACH ROW EXECUTE FUNCTION generation_count_task();
"""

UNDO = """
DROP TRIGGER tasks_are_counted ON generation_task;
DROP TRIGGER share_counts ON generation_attempt;
DROP TRIGGER task_stays_ended ON generation_task;
DROP TRIGGER attempt_stays_ended ON generation_attempt;
DROP FUNCTION generation_count_task();
DROP FUNCTION generation_count_share();
DROP FUNCTION generation_guard_end();
"""


class Migration(migrations.Migration):
    dependencies = [("generation", "0001_initial")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
