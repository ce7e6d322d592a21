"""What the database refuses of the rows that came with lots: a hold's overrun never shrinks, purses, lots
and their uses are never deleted, a freeze is lifted once, and an audit's record ends once."""

from django.db import migrations

GUARDS = """
CREATE OR REPLACE FUNCTION credits_guard_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.purse_id, NEW.reference, NEW.amount, NEW.created_at, NEW.expires_at)
       IS DISTINCT FROM (OLD.id, OLD.purse_id, OLD.reference, OLD.amount, OLD.created_at, OLD.expires_at)
    THEN
        RAISE EXCEPTION 'credits: a hold keeps its purse, order, amount and times'
              USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state = 'settled' AND (
           (NEW.state, NEW.captured, NEW.released, NEW.settled_at)
               IS DISTINCT FROM (OLD.state, OLD.captured, OLD.released, OLD.settled_at)
           OR NEW.refunded < OLD.refunded OR NEW.overrun < OLD.overrun)
    THEN
        RAISE EXCEPTION 'credits: a settled hold can only be refunded'
              USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION credits_guard_lot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.purse_id, NEW.expires_at, NEW.created_at, NEW.restores_id)
       IS DISTINCT FROM (OLD.id, OLD.purse_id, OLD.expires_at, OLD.created_at, OLD.restores_id)
       OR NEW.amount > OLD.amount OR NEW.expired < OLD.expired
    THEN
        RAISE EXCEPTION 'credits: a lot keeps its purse and times, and never grows'
              USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION credits_guard_freeze() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.lifted_at IS NOT NULL OR (NEW.id, NEW.purse_id, NEW.frozen_at) IS DISTINCT FROM (OLD.id, OLD.purse_id, OLD.frozen_at)
    THEN
        RAISE EXCEPTION 'credits: a freeze is lifted once' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

-- An audit is recorded when it begins, so that no other begins beside it, and once more when it ends.
CREATE FUNCTION credits_guard_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.checks > 0 OR (NEW.id, NEW.started_at, NEW.since_id, NEW.proved_until)
       IS DISTINCT FROM (OLD.id, OLD.started_at, OLD.since_id, OLD.proved_until)
    THEN
        RAISE EXCEPTION 'credits: an audit ends once' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER purse_is_never_deleted BEFORE DELETE ON credits_purse FOR EACH ROW EXECUTE FUNCTION credits_refuse();
CREATE TRIGGER purse_is_never_truncated BEFORE TRUNCATE ON credits_purse
    FOR EACH STATEMENT EXECUTE FUNCTION credits_refuse();
CREATE TRIGGER lot_never_grows BEFORE UPDATE ON credits_lot FOR EACH ROW EXECUTE FUNCTION credits_guard_lot();
CREATE TRIGGER lot_is_never_deleted BEFORE DELETE ON credits_lot FOR EACH ROW EXECUTE FUNCTION credits_refuse();
CREATE TRIGGER lot_is_never_truncated BEFORE TRUNCATE ON credits_lot FOR EACH STATEMENT EXECUTE FUNCTION credits_refuse();
CREATE TRIGGER lotuse_is_never_deleted BEFORE DELETE ON credits_lotuse FOR EACH ROW EXECUTE FUNCTION credits_refuse();
CREATE TRIGGER lotuse_is_never_truncated BEFORE TRUNCATE ON credits_lotuse
    FOR EACH STATEMENT EXECUTE FUNCTION credits_refuse();
CREATE TRIGGER freeze_is_lifted_once BEFORE UPDATE ON credits_freeze FOR EACH ROW EXECUTE FUNCTION credits_guard_freeze();
CREATE TRIGGER freeze_is_never_deleted BEFORE DELETE ON credits_freeze FOR EACH ROW EXECUTE FUNCTION credits_refuse();
CREATE TRIGGER freeze_is_never_truncated BEFORE TRUNCATE ON credits_freeze
    FOR EACH STATEMENT EXECUTE FUNCTION credits_refuse();
CREATE TRIGGER audit_ends_once BEFORE UPDATE ON credits_auditrun FOR EACH ROW EXECUTE FUNCTION credits_guard_audit();
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON credits_auditrun FOR EACH ROW EXECUTE FUNCTION credits_refuse();
CREATE TRIGGER audit_is_never_truncated BEFORE TRUNCATE ON credits_auditrun
    FOR EACH STATEMENT EXECUTE FUNCTION credits_refuse();
"""

UNDO = """
CREATE OR REPLACE FUNCTION credits_guard_hold() RETURNS trigger LANGUAGE plpgsql AS $$
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

DROP TRIGGER purse_is_never_deleted ON credits_purse;
DROP TRIGGER purse_is_never_truncated ON credits_purse;
DROP TRIGGER lot_never_grows ON credits_lot;
DROP TRIGGER lot_is_never_deleted ON credits_lot;
DROP TRIGGER lot_is_never_truncated ON credits_lot;
DROP TRIGGER lotuse_is_never_deleted ON credits_lotuse;
DROP TRIGGER lotuse_is_never_truncated ON credits_lotuse;
DROP TRIGGER freeze_is_lifted_once ON credits_freeze;
DROP TRIGGER freeze_is_never_deleted ON credits_freeze;
DROP TRIGGER freeze_is_never_truncated ON credits_freeze;
DROP TRIGGER audit_ends_once ON credits_auditrun;
DROP TRIGGER audit_is_never_deleted ON credits_auditrun;
DROP TRIGGER audit_is_never_truncated ON credits_auditrun;
DROP FUNCTION credits_guard_lot();
DROP FUNCTION credits_guard_freeze();
DROP FUNCTION credits_guard_audit();
"""


class Migration(migrations.Migration):
    dependencies = [("credits", "0003_lots_limits_prices")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
