"""What of the books goes when: audits that a later one has made superfluous, and the keys of requests. The database
refuses everything else."""

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from credits.models import AuditRun
from genhub.platforms.idempotency import Scope
from genhub.platforms.models import IdempotencyKey
from genhub.retention.rules import Gone, Rule


def find_superseded() -> QuerySet[AuditRun]:
    """Return the audits of what was new that found nothing wrong and after which all books were found right."""
    runs = AuditRun.objects.all()
    whole = runs.filter(
        since=None, checks__gt=0, findings=[], started_at__gt=OuterRef("started_at")
    )
    return runs.filter(Exists(whole), since__isnull=False, findings=[])


def find_ends() -> QuerySet[AuditRun]:
    """Return those of them that no other begins from: a day's chain goes from its end, one at each turn."""
    return find_superseded().filter(~Exists(AuditRun.objects.filter(since=OuterRef("pk"))))


def count_superseded(ends: QuerySet[AuditRun]) -> Gone:
    """Return how many would go in time, the whole chains: those that go now were counted by their age."""
    newest = ends.order_by("-started_at").values_list("started_at", flat=True).first()
    rows = find_superseded().filter(started_at__lte=newest) if newest else ends
    return Gone(rows=rows.count())


RULES = (
    Rule(
        "grant_keys",
        _("Idempotency keys of grants"),
        lambda: IdempotencyKey.objects.filter(scope=Scope.GRANT),
        days="keys",
    ),
    Rule(
        "audits",
        _("Clean audits of what was new, once all books were found right after them"),
        find_ends,
        days="audits",
        since="started_at",
        weigh=count_superseded,
    ),
)
