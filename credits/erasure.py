"""What the books keep of a user: each amount, under another name; what was told of them goes."""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from credits.models import Hold, Purse, Transfer
from genhub.retention.erasing import Left, Owner, Step
from genhub.retention.rules import Gone
from genhub.webhooks import outbox


def find_purses(owner: Owner) -> QuerySet[Purse]:
    """Return the user's purse, under the old name or the new one."""
    return Purse.objects.filter(platform_id=owner.platform_id, user__in=(owner.user, owner.alias))


def forget_news(owner: Owner) -> Gone:
    """Delete what apps were told about the user's credits."""
    transfers = Transfer.objects.filter(purse__in=find_purses(owner)).values("pk")
    return Gone(rows=outbox.forget(outbox.find_about(owner.platform_id, transfers)))


def rename(owner: Owner) -> None:
    """Call the user's purse otherwise, and let nobody pay from it any more; staff's own log of it, too."""
    rows = Purse.objects.select_for_update().filter(platform_id=owner.platform_id, user=owner.user)
    for purse in rows:
        purse.user = owner.alias
        Purse.objects.filter(pk=purse.pk).update(user=owner.alias, erased_at=Now())
        log = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(Purse), object_id=str(purse.pk)
        )
        log.update(object_repr=str(purse)[:200])


STEPS = (Step("credit_messages", _("Webhook messages about credits"), forget_news),)
KEPT = (
    Left(
        "transfers",
        _("Moves of credits, with amounts and times"),
        _("Books are kept; they name nobody."),
        lambda owner: Transfer.objects.filter(purse__in=find_purses(owner)).count(),
    ),
    Left(
        "holds",
        _("Reservations of credits"),
        _("Books are kept; they name nobody."),
        lambda owner: Hold.objects.filter(purse__in=find_purses(owner)).count(),
    ),
)
