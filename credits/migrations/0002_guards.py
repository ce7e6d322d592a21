"""What the database itself refuses: changing transfers, deleting holds, and any move of a settled hold but a refund.

The triggers are ordinary ones, so a superuser's `SET LOCAL session_replication_role = replica` passes them: the test
suite's flush needs that, and nothing else in the project sets it.
"""

from django.db import migrations

GUARDS = """
CREATE FUNCTION credits_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'credits: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER transfer_is_append_only BEFORE UPDATE OR DELETE ON credits_transfer
    FOR EACH ROW EXECUTE FUNCTION credits_refuse();
CREATE TRIGGER transfer_is_never_truncated BEFORE TRUNCATE ON credits_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION credits_refuse();

CREATE FUNCTION credits_guard_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.purse_id, NEW.reference, NEW.amount, NEW.created_at)
       IS DISTINCT FROM (OLD.id, OLD.purse_id, OLD.reference, OLD.amount, OLD.created_at)
    THEN
        RAISE EXCEPTION 'credits: a hold keeps its purse, order and amount'
              USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state = 'settled' AND (
           (NEW.state, NEW.captured, NEW.released, NEW.settled_at)
               IS DISTINCT FROM (OLD.state, OLD.captured, OLD.released, OLD.settled_at)
           OR NEW.refunded < OLD.refunded)
    THEN
        RAISE EXCEPTION 'credits: a settled hold can only be refunded'
              USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER hold_moves_forward BEFORE UPDATE ON credits_hold
    FOR EACH ROW EXECUTE FUNCTION credits_guard_hold();
CREATE TRIGGER hold_is_never_deleted BEFORE DELETE ON credits_hold
    FOR EACH ROW EXECUTE FUNCTION credits_refuse();
CREATE TRIGGER hold_is_never_truncated BEFORE TRUNCATE ON credits_hold
    FOR EACH STATEMENT EXECUTE FUNCTION credits_refuse();
"""

UNDO = """
DROP TRIGGER transfer_is_append_only ON credits_transfer;
DROP TRIGGER transfer_is_never_truncated ON credits_transfer;
DROP TRIGGER hold_moves_forward ON credits_hold;
DROP TRIGGER hold_is_never_deleted ON credits_hold;
DROP TRIGGER hold_is_never_truncated ON credits_hold;
DROP FUNCTION credits_guard_hold();
DROP FUNCTION credits_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("credits", "0001_initial")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
