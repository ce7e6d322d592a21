"""Orders that wait at vendors: found by the time to ask again, counted as at work, cancelled there when nobody wants them."""

from django.db import migrations, models
from django.db.models import Q

# What waits at a vendor, or may be there, works as much for its user as what runs here.
COUNT_WAITING = """
CREATE OR REPLACE FUNCTION generation_count_share() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    busy    text[] := ARRAY['running', 'waiting', 'unknown'];
    waits   int := (NEW.state = 'queued')::int;
    runs    int := (NEW.state = ANY (busy))::int;
    waited  int := 0;
    ran     int := 0;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        waited := (OLD.state = 'queued')::int;
        ran := (OLD.state = ANY (busy))::int;
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
"""
# Nothing of earlier releases waits at a vendor, so no count has to be mended, in either direction.
COUNT_RUNNING = COUNT_WAITING.replace("ARRAY['running', 'waiting', 'unknown']", "ARRAY['running']")

KINDS = [
    ("submitted", "submitted"), ("claimed", "claimed"), ("retried", "retried"), ("handed_back", "handed back"),
    ("abandoned", "abandoned"), ("waiting", "waits for the provider"), ("unknown", "may be at the provider"),
    ("found", "is at the provider"), ("not_taken", "never came to the provider"),
    ("cancel_told", "the provider was told of the cancel"), ("completed", "completed"), ("failed", "failed"),
    ("canceled", "canceled"), ("refunded", "refunded"),
]


class Migration(migrations.Migration):
    dependencies = [("generation", "0013_one_key_table")]
    operations = [
        migrations.AlterField(
            "attempt",
            "had_company",
            models.BooleanField(db_column="had_company", db_default=False, editable=False),
        ),
        migrations.RenameField("attempt", "had_company", "shared_process"),
        migrations.AlterField(
            "attempt",
            "is_alone",
            models.BooleanField(db_column="is_alone", db_default=False, verbose_name="runs alone"),
        ),
        migrations.RenameField("attempt", "is_alone", "isolated"),
        migrations.AddField(
            "attempt", "needs_cancel", models.BooleanField(db_default=False, editable=False)
        ),
        migrations.AlterField(
            "output", "seed", models.BigIntegerField(null=True, verbose_name="seed")
        ),
        migrations.AddField(
            "output",
            "revised_prompt",
            models.TextField(blank=True, db_default="", verbose_name="revised prompt"),
        ),
        migrations.AlterField(
            "event",
            "kind",
            models.CharField(choices=KINDS, max_length=20, verbose_name="kind"),
        ),
        migrations.AlterModelOptions(
            "attempt",
            {
                "ordering": ("-id",),
                "permissions": [("decide_unknown", "Can decide what became of orders in doubt")],
                "verbose_name": "attempt",
                "verbose_name_plural": "attempts",
            },
        ),
        migrations.AddIndex(
            "attempt",
            models.Index(condition=Q(("state", "waiting")), fields=["run_at"], name="attempt_to_poll"),
        ),
        migrations.AddIndex(
            "attempt",
            models.Index(condition=Q(("needs_cancel", True)), fields=["run_at"], name="attempt_to_cancel"),
        ),
        migrations.AddIndex(
            "attempt",
            models.Index(condition=Q(("state", "unknown")), fields=["task"], name="attempt_unknown"),
        ),
        migrations.RunSQL(COUNT_WAITING, COUNT_RUNNING),
    ]
