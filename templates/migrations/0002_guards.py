"""A published version never changes: tasks say which one they ran."""

from django.db import migrations

GUARDS = """
CREATE FUNCTION templates_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL AND (TG_OP = 'DELETE' OR NEW IS DISTINCT FROM OLD) THEN
        RAISE EXCEPTION 'templates: a published version never changes'
              USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER version_is_immutable BEFORE UPDATE OR DELETE ON templates_templateversion
    FOR EACH ROW EXECUTE FUNCTION templates_guard_version();

CREATE FUNCTION templates_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'templates: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER version_is_never_truncated BEFORE TRUNCATE ON templates_templateversion
    FOR EACH STATEMENT EXECUTE FUNCTION templates_refuse();
"""

UNDO = """
DROP TRIGGER version_is_never_truncated ON templates_templateversion;
DROP FUNCTION templates_refuse();
DROP TRIGGER version_is_immutable ON templates_templateversion;
DROP FUNCTION templates_guard_version();
"""


class Migration(migrations.Migration):
    dependencies = [("templates", "0001_initial")]
    operations = [migrations.RunSQL(GUARDS, UNDO)]
