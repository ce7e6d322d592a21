"""The live queue: what each worker draws at this moment, what waits, and the hand on the tap."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from generation.admin.accounts.standing import standing_badge
from generation.admin.tasks.steer import Steer, may_steer
from generation.admin.words import data_uri
from generation.models import Attempt, Queue
from generation.models.task import Priority
from generation.selectors import live
from generation.selectors.line import Place, find_places
from generation.selectors.live import After
from generation.selectors.queue import count_at_work, count_waiting
from generation.selectors.tasks import find_pauses
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.pages import show
from genhub.admin.show import badge, leads, link, moment, table

REFRESH_SECONDS = 3
# Characters of a prompt.
FIRST_WORDS = 60
COLOURS = {Queue.State.OPEN: "success", Queue.State.PAUSED: "warning", Queue.State.DRAINING: "warning"}  # fmt: skip
MIB = 1024 * 1024


@dataclass(frozen=True)
class AtWork:
    """An order in a worker's hands, as the page shows it."""

    task: SafeString
    words: str
    whose: str
    percent: int
    step: str
    preview: str
    since: str


@admin.register(Queue)
class QueueAdmin(Steer, ReadOnlyAdmin):
    """The queues; their list is the live page."""

    fields = ("name", "state", "drained_at", "changes_shown")
    readonly_fields = fields

    @display(description=_("changes"))
    def changes_shown(self, queue: Queue) -> SafeString:
        """Show who did what to it, and why."""
        return changes_table(live.list_changes(queue.name))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show what is drawn and what waits, anew every few seconds."""
        if not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)  # type: ignore[no-any-return]
        after = read_after(request)
        running, waiting = live.list_running(), live.list_waiting(after)
        may, accounts = may_steer(request), live.list_accounts()
        shows = request.user.has_perm("generation.view_task")
        page = waiting[: live.PAGE]
        words = {
            "title": capfirst(self.opts.verbose_name_plural),
            "queues": list_queues(accounts, may=may),
            "workers": list_workers(running[: live.MOST_RUNNING], shows=shows),
            "has_more_running": len(running) > live.MOST_RUNNING,
            "waiting": waiting_table(page, shows=shows, may=may),
            "move": reverse("admin:generation_queue_move") if may and page else "",
            "is_first": after is None,
            "next": next_page(page[-1]) if len(waiting) > live.PAGE else "",
            "providers": accounts_table(request, accounts),
            "changes": changes_table(live.list_changes()),
            "broken": sorted(alias for account in accounts for alias in account.broken),
            "flower": find_flower(request),
            "seconds": REFRESH_SECONDS,
        }
        return show(self, request, "admin/generation/queue.html", **words)


def list_queues(accounts: Iterable[Any], *, may: bool) -> list[dict[str, Any]]:
    """Return each queue: how it stands, how much waits and is at work, and what may be done."""
    states, waiting, at_work = live.read_states(), count_waiting(), count_at_work()
    served = {account.queue for account in accounts}
    found = []
    for name in sorted({*states, *waiting, *at_work, *served}):
        row = states.get(name, Queue(name=name))
        deeds = ("pause", "drain") if row.state == Queue.State.OPEN else ("resume",)
        found.append(
            {
                "name": name,
                "state": badge(row.get_state_display(), COLOURS[Queue.State(row.state)]),
                "drained": moment(row.drained_at) if row.drained_at else "",
                "waiting": waiting.get(name, 0),
                "at_work": at_work.get(name, 0),
                "deeds": [
                    (DEEDS[deed], reverse("admin:generation_queue_steer", args=[name, deed]))
                    for deed in deeds
                    if may
                ],
            }
        )
    return found


DEEDS = {"pause": _("Pause"), "drain": _("Drain"), "resume": _("Resume")}


def list_workers(running: Iterable[Attempt], *, shows: bool) -> list[dict[str, Any]]:
    """Return each worker with what it has in hand, and last what is in the hands of none that is known."""
    orders = {name: [at_work(one, shows=shows) for one in rows] for name, rows in live.by_process(running).items()}  # fmt: skip
    found = []
    for worker in live.list_workers():
        facts, lives = worker.facts, live.is_live(worker)
        state = badge(_("alive"), "success") if lives else badge(_("gone"), "danger")
        if lives and facts.get("unready"):
            state = badge(_("not ready"), "warning")
        told = {
            gettext("Queue"): ", ".join(worker.queues),
            gettext("Memory"): mib(facts.get("process_memory")),
            gettext("Card"): card_words(facts),
            gettext("Free disk"): mib(facts.get("disk_free")),
            gettext("Since"): moment(since_when(worker)),
            gettext("Last sign of life"): moment(worker.beat_at),
        }
        mine = orders.pop(facts.get("process", ""), [])
        found.append({"name": worker.name, "state": state, "facts": told, "orders": mine, "why": facts.get("unready", "")})  # fmt: skip
    left = [order for rows in orders.values() for order in rows]
    if left:
        lost = badge(_("gone"), "danger")
        found.append({"name": gettext("Workers that say nothing"), "state": lost, "facts": {}, "orders": left})  # fmt: skip
    return found


def since_when(worker: Any) -> datetime | None:
    """Return when a worker began, by its own word; None where it says none."""
    age = worker.facts.get("age_seconds")
    return None if age is None else worker.beat_at - timedelta(seconds=age)


def at_work(attempt: Attempt, *, shows: bool) -> AtWork:
    """Return an order in a worker's hands."""
    steps = attempt.task.spec.get("steps")
    done = round(attempt.progress * steps) if steps else 0
    return AtWork(
        task=task_link(attempt, shows=shows),
        words=prompt_of(attempt, shows=shows),
        whose=f"{attempt.share.user} @ {attempt.task.platform}",
        percent=round(100 * attempt.progress),
        step=gettext("step %(done)s of %(steps)s") % {"done": done, "steps": steps} if steps else "",
        preview=data_uri(attempt.preview) if shows and attempt.preview else "",
        since=moment(attempt.started_at),
    )  # fmt: skip


def waiting_table(page: list[Attempt], *, shows: bool, may: bool) -> SafeString:
    """Return what waits, each with its place and estimate or what keeps it; empty when nothing does."""
    if not page:
        return SafeString("")
    tasks = [attempt.task for attempt in page]
    for attempt in page:
        # As if it had been read with its task: what is newest is what waits.
        vars(attempt.task)["_prefetched_objects_cache"] = {"attempts": [attempt]}
    places, pauses = find_places([task.pk for task in tasks]), find_pauses(tasks)
    rows = []
    for attempt in page:
        pause = pauses.get(attempt.task_id)
        rows.append(
            [
                *([tick(attempt.task_id)] if may else []),
                place_words(places.get(attempt.task_id)),
                gettext(pause.title) if pause else estimate_words(places.get(attempt.task_id)),
                task_link(attempt, shows=shows),
                prompt_of(attempt, shows=shows),
                f"{attempt.share.user} @ {attempt.task.platform}",
                str(Priority(attempt.share.priority).label),
                f"{attempt.share.queue} · {attempt.account.alias}",
                moment(attempt.created_at),
            ]
        )
    heads = [_("Place"), _("Begins"), _("Task"), _("Prompt"), _("User"), _("Priority"), _("Queue"), _("Since")]  # fmt: skip
    return table([_("Move")] * may + heads, rows)


def tick(task_id: uuid.UUID) -> SafeString:
    """Return a box that chooses an order to move."""
    label = gettext("Choose this order")
    return format_html(
        '<input type="checkbox" name="task" value="{}" aria-label="{}">', task_id.hex, label
    )


def place_words(place: Place | None) -> str:
    """Return a place in the line; “≥” where it may be later."""
    if place is None:
        return "–"
    return f"≥ {place.position}" if place.is_least else f"{place.position}"


def estimate_words(place: Place | None) -> str:
    """Return when an order is begun, as pictures took of late."""
    if place is None or place.starts_in_seconds is None:
        return gettext("not known")
    return gettext("in about %(seconds)s s") % {"seconds": f"{place.starts_in_seconds:g}"}


def prompt_of(attempt: Attempt, *, shows: bool) -> str:
    """Return the first words of a prompt, for those who may read orders."""
    return Truncator(attempt.task.spec.get("prompt", "")).chars(FIRST_WORDS) if shows else "–"


def task_link(attempt: Attempt, *, shows: bool) -> SafeString:
    """Return the end of a task's id, leading to it for those who may see it."""
    short = f"…{attempt.task_id.hex[-8:]}"
    return link("generation_task", attempt.task_id, short) if shows else SafeString(short)


def accounts_table(request: HttpRequest, accounts: Iterable[Any]) -> SafeString:
    """Return the providers that are switched on, by queue, and how each stands."""
    may = request.user.has_perm("generation.view_account")
    rows = [
        [
            account.queue,
            link("generation_account", account.pk, account.alias) if may else account.alias,
            standing_badge(account, account.now),
        ]
        for account in accounts
    ]
    return table([_("Queue"), _("Provider"), _("state")], rows)


def changes_table(changes: Iterable[Any]) -> SafeString:
    """Return who did what to queues and providers, when and why; empty when nobody did."""
    rows = [
        [moment(one.created_at), one.provider or one.queue, one.get_deed_display(), one.actor, one.reason or "–"]
        for one in changes
    ]  # fmt: skip
    return table([_("Time"), _("Queue or provider"), _("What"), _("Who"), _("Reason")], rows) if rows else SafeString("")  # fmt: skip


def read_after(request: HttpRequest) -> After | None:
    """Return behind which order the page begins; None for the first page, and for an address that names none."""
    at, _dot, hexed = request.GET.get("after", "").partition("_")
    try:
        when, attempt_id = datetime.fromisoformat(at), uuid.UUID(hexed)
    except ValueError:
        return None
    return After(when, attempt_id) if when.tzinfo else None


def next_page(attempt: Attempt) -> str:
    """Return the address of the page behind this order."""
    return f"?after={attempt.run_at.isoformat().replace('+', '%2B')}_{attempt.pk.hex}"


def mib(size: Any) -> str:
    """Return bytes as MiB."""
    return f"{size / MIB:,.0f} MiB" if isinstance(size, int) else "–"


def card_words(facts: dict[str, Any]) -> str:
    """Return what of its card's memory is taken, and how busy it is; a dash without a card."""
    if facts.get("memory_total") is None:
        return "–"
    busy = facts.get("gpu_utilization")
    said = f"{mib(facts.get('memory_used'))} / {mib(facts['memory_total'])}"
    return said if busy is None else f"{said} · {busy} %"


def find_flower(request: HttpRequest) -> SafeString | str:
    """Return a link to Flower where it is behind the hub's own address, or where this hub runs it and the reader is on
    its machine; else where it listens."""
    port = getattr(settings, "PORT", None)
    if port is None and settings.FLOWER_URL_PREFIX:
        behind = f"{settings.PUBLIC_URL}/{settings.FLOWER_URL_PREFIX}/"
        return leads(behind, behind)
    if port is None:
        return gettext("on the hub's machine, port 5555 unless it was set up otherwise")
    address = f"http://127.0.0.1:{port + 1}/"
    is_here = request.META.get("REMOTE_ADDR") in {"127.0.0.1", "::1"}
    return leads(address, address) if is_here else address
