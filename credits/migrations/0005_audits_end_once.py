"""An audit is recorded when it begins, so that no other begins beside it, and once more when it ends; never again."""

from django.db import migrations

GUARDS = """
CREATE FUNCTION credits_guard_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.checks > 0 OR (NEW.id, NEW.started_at, NEW.since_id, NEW.proved_until)
       IS DISTINCT FROM (OLD.id, OLD.started_at, OLD.since_id, OLD.proved_until)
    THEN
        RAISE EXCEPTION 'credits: an audit ends once' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

DROP TRIGGER audit_is_append_only ON credits_auditrun;
CREATE TRIGGER audit_ends_once BEFORE UPDATE ON credits_auditrun FOR EACH ROW EXECUTE FUNCTION credits_guard_audit();
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON credits_auditrun FOR EACH ROW EXECUTE FUNCTION credits_refuse();
"""

UNDO = """
DROP TRIGGER audit_ends_once ON credits_auditrun;
DROP TRIGGER audit_is_never_deleted ON credits_auditrun;
DROP FUNCTION credits_guard_audit();
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON credits_auditrun
    FOR EACH ROW EXECUTE FUNCTION credits_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("credits", "0004_more_guards")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
