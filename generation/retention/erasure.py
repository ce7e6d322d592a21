"""What orders keep of a user: words, tastes and messages go, what is under way is canceled; the orders themselves stay,
since the money is proved against them."""

from contextlib import suppress

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from generation.errors import AlreadyEnded
from generation.life.unpaid_ends import cancel_task
from generation.models import (
    Batch,
    Finding,
    Preferences,
    Share,
    Subject,
    Task,
    TaskCount,
    UserBacklog,
)
from generation.retention.texts import find_texts, forget_texts
from generation.states import TASK_LIVE
from genhub.retention.erasing import Left, Owner, Step, StillBusy, bite, count_left, delete, of
from genhub.retention.rules import Gone
from genhub.webhooks import outbox

NAMED = (Task, Batch, Finding, Share, TaskCount, UserBacklog)


def cancel_one(owner: Owner) -> Gone:
    """Cancel one of the user's tasks under way: each in a transaction of its own, as its owner would."""
    task_id = find_live(owner).values_list("pk", flat=True).first()
    if task_id is None:
        return Gone()
    with suppress(AlreadyEnded):
        cancel_task(task_id)
    return Gone(rows=1)


def find_live(owner: Owner) -> QuerySet[Task]:
    """Return the user's tasks that have not ended."""
    rows: QuerySet[Task] = of(Task, owner).filter(state__in=sorted(TASK_LIVE))
    return rows.order_by("pk")


def find_own_texts(owner: Owner) -> QuerySet[Task]:
    """Return the user's ended tasks that still hold what was written in them."""
    return find_texts().filter(platform_id=owner.platform_id, user=owner.user)


def forget_own_texts(owner: Owner) -> Gone:
    """Take from the user's tasks what was written in them."""
    found = bite(find_own_texts(owner))
    return forget_texts(found) if found else Gone()


def forget_batches(owner: Owner) -> Gone:
    """Take from the user's batches what the app said of them."""
    said = ~Q(metadata={}) | ~Q(webhook="") | ~Q(refused=[])
    rows = of(Batch, owner).filter(said)
    return Gone(rows=rows.update(metadata={}, webhook="", refused=[]))


def forget_messages(owner: Owner) -> Gone:
    """Delete what apps were told, or were to be told, about the user's orders."""
    for model in (Task, Batch):
        about = outbox.find_about(owner.platform_id, of(model, owner).values("pk"))
        if count := outbox.forget(about):
            return Gone(rows=count)
    return Gone()


def rename(owner: Owner) -> None:
    """Call the user otherwise; raise StillBusy where a new order came since, or its words are still there."""
    if find_live(owner).exists() or find_own_texts(owner).exists():
        raise StillBusy
    for model in NAMED:
        of(model, owner).update(user=owner.alias)


STEPS = (
    Step("canceled_tasks", _("Orders under way, which were canceled"), cancel_one, is_apart=True),
    Step("task_texts", _("Prompts, parameters and metadata of orders"), forget_own_texts),
    Step("batch_texts", _("Metadata of batches"), forget_batches),
    Step(
        "refused_prompts",
        _("Prompts that were refused"),
        lambda owner: delete(of(Finding, owner).filter(task=None)),
    ),
    Step("preferences", _("Usual words of orders"), lambda owner: delete(of(Preferences, owner))),
    Step("subjects", _("Subjects with their seeds"), lambda owner: delete(of(Subject, owner))),
    Step("messages", _("Webhook messages about orders"), forget_messages),
)
KEPT = (
    Left(
        "tasks",
        _("Orders: model, size, price, times and end"),
        _("Books are proved against them; they name nobody."),
        count_left(Task),
    ),
)
