"""The database itself counts the pictures under way, by user and by parts of a platform, and begins with those there are;
attempts that ended without a picture are swept for files once."""

from django.db import migrations

COUNT = """
CREATE FUNCTION generation_count_backlog() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    live  text[] := ARRAY['queued', 'running', 'waiting', 'unknown'];
    added int := (NEW.state = ANY (live))::int;
    whose record;
    place int;
BEGIN
    IF TG_OP = 'UPDATE' THEN added := added - (OLD.state = ANY (live))::int; END IF;
    IF added = 0 THEN RETURN NULL; END IF;
    added := added * NEW.cost;
    SELECT s.platform_id, s."user" INTO whose FROM generation_share s WHERE s.id = NEW.share_id;
    place := hashtext(whose."user") & 15;
    IF added > 0 THEN
        INSERT INTO generation_userbacklog AS b (platform_id, "user", pictures)
             VALUES (whose.platform_id, whose."user", added)
        ON CONFLICT (platform_id, "user") DO UPDATE SET pictures = b.pictures + added;
        INSERT INTO generation_platformbacklog AS b (platform_id, part, pictures)
             VALUES (whose.platform_id, place, added)
        ON CONFLICT (platform_id, part) DO UPDATE SET pictures = b.pictures + added;
    ELSE
        UPDATE generation_userbacklog b SET pictures = b.pictures + added
         WHERE b.platform_id = whose.platform_id AND b."user" = whose."user";
        UPDATE generation_platformbacklog b SET pictures = b.pictures + added
         WHERE b.platform_id = whose.platform_id AND b.part = place;
    END IF;
    RETURN NULL;
END $$;

-- By its name it comes after share_counts: of all rows these are locked last.
CREATE TRIGGER under_way_counts AFTER INSERT OR UPDATE OF state ON generation_attempt
    FOR EACH ROW EXECUTE FUNCTION generation_count_backlog();

INSERT INTO generation_userbacklog (platform_id, "user", pictures)
     SELECT s.platform_id, s."user", sum(a.cost)
       FROM generation_attempt a JOIN generation_share s ON s.id = a.share_id
      WHERE a.state IN ('queued', 'running', 'waiting', 'unknown')
      GROUP BY s.platform_id, s."user";
INSERT INTO generation_platformbacklog (platform_id, part, pictures)
     SELECT platform_id, hashtext("user") & 15, sum(pictures) FROM generation_userbacklog GROUP BY 1, 2;

UPDATE generation_attempt SET needs_sweep = true
 WHERE started_at IS NOT NULL AND state IN ('running', 'waiting', 'unknown', 'failed', 'canceled', 'abandoned');
"""

UNDO = """
DROP TRIGGER under_way_counts ON generation_attempt;
DROP FUNCTION generation_count_backlog();
DELETE FROM generation_userbacklog;
DELETE FROM generation_platformbacklog;
"""


class Migration(migrations.Migration):
    dependencies = [("generation", "0008_backlog")]
    operations = [migrations.RunSQL(COUNT, UNDO)]
