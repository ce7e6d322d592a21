"""Changes of rows open the days that they were counted in.

Each trigger is a transaction of its own: one that held two of these tables would meet orders that hold them the other
way round, and one of both would have to give way.
"""

from django.db import migrations

# By their names they come last: nobody waits for a day longer than for the end of the transaction.
TASK = """
CREATE OR REPLACE TRIGGER weigh_day_anew
    AFTER UPDATE OF state, model, step, platform_id, template_version_id, error_code, cost_usd, created_at, started_at,
                    completed_at, cached_from_id ON generation_task
    FOR EACH ROW WHEN (OLD.created_at < clock_timestamp() - interval '10 minutes' AND
        (OLD.state, OLD.model, OLD.step, OLD.platform_id, OLD.template_version_id, OLD.error_code, OLD.cost_usd,
         OLD.created_at, OLD.started_at, OLD.completed_at, OLD.cached_from_id) IS DISTINCT FROM
        (NEW.state, NEW.model, NEW.step, NEW.platform_id, NEW.template_version_id, NEW.error_code, NEW.cost_usd,
         NEW.created_at, NEW.started_at, NEW.completed_at, NEW.cached_from_id))
    EXECUTE FUNCTION generation_reopen_days_of_task();
"""

ATTEMPT = """
CREATE OR REPLACE TRIGGER weigh_day_anew
    AFTER UPDATE OF state, provider_id, cost, cost_usd, usage, ended_at ON generation_attempt
    FOR EACH ROW WHEN (least(OLD.ended_at, NEW.ended_at) < clock_timestamp() - interval '10 minutes' AND
        (OLD.state, OLD.provider_id, OLD.cost, OLD.cost_usd, OLD.usage, OLD.ended_at) IS DISTINCT FROM
        (NEW.state, NEW.provider_id, NEW.cost, NEW.cost_usd, NEW.usage, NEW.ended_at))
    EXECUTE FUNCTION generation_reopen_days_of_attempt();
"""

HOLD = """
CREATE OR REPLACE TRIGGER weigh_day_anew
    AFTER UPDATE OF captured, refunded ON credits_hold
    FOR EACH ROW WHEN ((OLD.settled_at IS NOT NULL OR OLD.created_at < clock_timestamp() - interval '10 minutes') AND
        (OLD.captured, OLD.refunded) IS DISTINCT FROM (NEW.captured, NEW.refunded))
    EXECUTE FUNCTION generation_reopen_days_of_hold();
"""


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('generation', '0045_task_by_failure'),
        ('credits', '0010_platform_prices'),
    ]

    operations = [
        migrations.RunSQL(TASK, "DROP TRIGGER weigh_day_anew ON generation_task;"),
        migrations.RunSQL(ATTEMPT, "DROP TRIGGER weigh_day_anew ON generation_attempt;"),
        migrations.RunSQL(HOLD, "DROP TRIGGER weigh_day_anew ON credits_hold;"),
    ]
