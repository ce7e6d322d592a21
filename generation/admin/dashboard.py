"""The first page: what the last day brought, who works, and the newest pictures. Cheap reads only."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from credits.audit import view_standing
from credits.selectors import sum_turnover
from generation.admin.filters import LAST_DAY, LAST_DAY_ALONE
from generation.admin.upkeep import (
    list_cards,
    list_providers,
    list_switched_off,
    list_waits,
    sum_stored,
)
from generation.admin.words import TASK_COLOURS, picture_of
from generation.loops import examine
from generation.models.task import STATE_WORDS
from generation.selectors.desk import view_desk
from generation.selectors.queue import list_live_workers
from generation.selectors.tasks import count_recent_tasks, list_newest_outputs
from generation.work.presence import GONE_AFTER
from genhub.admin.show import moment
from genhub.alerts.noting import list_open
from genhub.alerts.words import title_of

PICTURES = 8
# The page reads itself anew as often.
REFRESH_SECONDS = 30
LOOP_WORDS = {
    "late": _("late: see whether it runs, and its log"),
    "failing": _("fails: see its log"),
    "unknown": _("has never run: start the loops"),
}


def add_figures(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the first page what this member of staff may see."""
    may = request.user.has_perm
    if may("alerts.view_alert"):
        context["alerts"] = [(alert, title_of(alert), moment(alert.began_at)) for alert in list_open()]  # fmt: skip
    if may("generation.view_task"):
        counts = count_recent_tasks(LAST_DAY)
        tasks = reverse("admin:generation_task_changelist")
        context["tasks"] = [
            {
                "word": word,
                "count": counts[state],
                "link": f"{tasks}?state__exact={state}&{LAST_DAY_ALONE}",
                "kind": TASK_COLOURS[state],
            }
            for state, word in STATE_WORDS
        ]
        context["pictures"] = [
            (output.task, picture_of(output)) for output in list_newest_outputs(PICTURES)
        ]
    if may("generation.view_deskentry"):
        context["desk"] = view_desk(LAST_DAY)
    if may("credits.view_purse"):
        context["turnover"] = sum_turnover(LAST_DAY)
    if may("credits.view_auditrun"):
        context["books"] = view_standing()
    context |= tell_upkeep(may)
    return context | {"title": _("Overview"), "seconds": REFRESH_SECONDS}


def tell_upkeep(may: Callable[[str], bool]) -> dict[str, Any]:
    """Return what the first page says of machines, providers and the store, as far as somebody may see it."""
    told: dict[str, Any] = {}
    if may("generation.view_worker"):
        told["workers"] = list_live_workers(GONE_AFTER)
        told["waits"] = list_waits()
        told["gpus"] = list_cards(told["workers"])
        told["ill_loops"] = [
            (name, LOOP_WORDS[loop.state])
            for name, loop in examine().items()
            if loop.state in LOOP_WORDS
        ]
    if may("generation.view_account"):
        told |= {"providers": list_providers(), "switched_off": list_switched_off()}
    if may("storage.view_storageuse"):
        told["stored"] = sum_stored()
    return told
