"""Audits of what was new may go once they were clean and a whole one after them was, too; all others stay for ever."""

from django.db import migrations, models

GUARD = """
CREATE FUNCTION credits_guard_audit_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.since_id IS NULL OR OLD.findings <> '[]'::jsonb OR OLD.started_at > statement_timestamp() - interval '1 day'
       OR NOT EXISTS (SELECT FROM credits_auditrun w WHERE w.since_id IS NULL AND w.checks > 0
                       AND w.findings = '[]'::jsonb AND w.started_at > OLD.started_at)
    THEN
        RAISE EXCEPTION 'credits: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;

DROP TRIGGER audit_is_never_deleted ON credits_auditrun;
CREATE TRIGGER audit_stays_while_it_counts BEFORE DELETE ON credits_auditrun
    FOR EACH ROW EXECUTE FUNCTION credits_guard_audit_end();
"""

UNDO = """
DROP TRIGGER audit_stays_while_it_counts ON credits_auditrun;
DROP FUNCTION credits_guard_audit_end();
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON credits_auditrun FOR EACH ROW EXECUTE FUNCTION credits_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("credits", "0005_free_uses")]
    operations = [
        migrations.AddIndex(
            model_name="auditrun",
            index=models.Index(fields=["started_at"], name="audit_by_age"),
        ),
        migrations.RunSQL(GUARD, UNDO),
    ]
