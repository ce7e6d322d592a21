"""Pages of batches: read, followed and canceled, never edited."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from generation.admin.tasks.deeds import HistoryForm
from generation.admin.words import task_badge
from generation.life.batch_cancels import cancel_batch
from generation.models import Batch
from generation.orders.batch import word_kept
from generation.selectors.batches import measure, sum_credits
from generation.states import BatchState
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.pages import Question, ask, without_action, word
from genhub.admin.paging import InfinitePaginator
from genhub.admin.show import badge, code, link, moment, pairs, table
from genhub.lib.errors import Problem

COLOURS = {
    BatchState.PENDING: "",
    BatchState.PROCESSING: "info",
    BatchState.COMPLETED: "success",
    BatchState.CANCELED: "warning",
}
# Of a prompt in a table.
LONGEST_PROMPT = 60


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    """Orders that were made as one, newest first."""

    list_display = (
        "name",
        "state_shown",
        "user_shown",
        "ended_tasks",
        "failed",
        "canceled",
        "price",
        "time",
    )
    list_display_links = ("name",)
    list_filter = ("state", "platform")
    list_select_related = ("platform",)
    search_fields = ("user",)
    search_help_text = _("Search by user or id.")
    ordering = ("-id",)
    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 25
    has_history = True
    actions_detail = ("cancel",)
    fieldsets = (
        (
            _("State"),
            {"fields": (("state_shown", "progress", "total"), ("pending", "processing", "completed"),
                        ("failed", "canceled", "refused_count"))},
        ),
        (_("Credits"), {"fields": (("price", "held", "captured"), ("released", "refunded"))}),
        (_("Terms"), {"fields": ("user_named", "policy", "metadata_shown", "webhook")}),
        (_("Times"), {"fields": ("created_at", "cancel_asked_at", "ended_at")}),
    )  # fmt: skip

    def has_cancel_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who hold the right to cancel and may see batches."""
        may_cancel = request.user.has_perm("generation.cancel_batch")
        return bool(may_cancel and self.has_view_permission(request))

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return a batch with the sums of its credits and how far it is."""
        row: Any = super().get_object(request, object_id, from_field)
        if row is not None:
            row.sums, row.done = sum_credits([row])[row.pk], measure([row])[row.pk]
        return row

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer a cancel while anything is left to cancel."""
        found = list(super().get_actions_detail(request, object_id))
        if Batch.objects.filter(pk=object_id, ended_at=None).exists():
            return found
        return without_action(found, "cancel")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show a batch with its tasks, and the orders that were refused."""
        row = self.find_object(request, object_id)
        # Whose prompts they are is for those to read who may see tasks.
        shows = request.user.has_perm("generation.view_task")
        sections = [(_("Tasks"), tasks_table(row, shows_prompts=shows))]
        if row.refused:
            sections.append((_("Refused orders"), refused_table(row)))
        words = {"sections": sections} | (extra_context or {})
        return super().change_view(request, object_id, form_url, words)

    @action(
        description=_("Cancel the batch"), permissions=["cancel"], icon="cancel",
        variant=ActionVariant.DANGER,
    )  # fmt: skip
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then end every task that has not ended."""
        row = self.find_object(request, object_id)
        form = HistoryForm(request.POST or None)
        if form.is_valid():
            try:
                count = cancel_batch(row.pk)
            except Problem as problem:
                form.add_error(None, word(problem))
            else:
                text = gettext("%(count)s tasks canceled; what was held for them was given back.")
                messages.success(request, text % {"count": count})
                told = gettext("Canceled %(count)s tasks: %(reason)s")
                self.log_change(request, row, told % {"count": count, **form.cleaned_data})
                return HttpResponseRedirect(page_of(row))
        question = Question(
            title=gettext("Cancel this batch?"),
            intro=gettext(
                "Its tasks that have not ended are canceled, those under way too, and what is held for them is given back. "
                "What was delivered stays, and stays paid."
            ),
            facts={
                gettext("Batch"): code(row),
                gettext("User"): f"{row.user} @ {row.platform}",
                gettext("Not ended"): f"{row.pending + row.processing} / {row.total}",
                gettext("Held now"): row.sums.held,
            },
            form=form,
            submit=gettext("Cancel the batch"),
            back=page_of(row),
            is_dangerous=True,
        )
        return ask(self, request, question, about=row)

    @display(description=_("batch"), ordering="id")
    def name(self, row: Batch) -> SafeString:
        """Show the id."""
        return code(row)

    @display(description=_("state"), ordering="state")
    def state_shown(self, row: Batch) -> SafeString:
        """Show the state as a coloured word."""
        return badge(row.get_state_display(), COLOURS[BatchState(row.state)])

    @display(description=_("user"), header=True, ordering="user")
    def user_shown(self, row: Batch) -> list[Any]:
        """Show the user and the platform."""
        return [row.user, str(row.platform)]

    @display(description=_("user"))
    def user_named(self, row: Batch) -> str:
        """Show the user and the platform in one line."""
        return f"{row.user} @ {row.platform}"

    @display(description=_("ended"))
    def ended_tasks(self, row: Batch) -> str:
        """Show how many tasks have ended."""
        return f"{row.total - row.pending - row.processing} / {row.total}"

    @display(description=_("progress"))
    def progress(self, row: Any) -> str:
        """Show how far it is."""
        return f"{row.done:.0%}"

    @display(description=_("refused orders"))
    def refused_count(self, row: Batch) -> int:
        """Show how many orders were not taken."""
        return len(row.refused)

    @display(description=_("Held now"))
    def held(self, row: Any) -> int:
        """Show what is reserved still."""
        return int(row.sums.held)

    @display(description=_("captured"))
    def captured(self, row: Any) -> int:
        """Show what was paid."""
        return int(row.sums.captured)

    @display(description=_("Released"))
    def released(self, row: Any) -> int:
        """Show what was given back unspent."""
        return int(row.sums.released)

    @display(description=_("Refunded"))
    def refunded(self, row: Any) -> int:
        """Show what was given back after it was paid."""
        return int(row.sums.refunded)

    @display(description=_("created"), ordering="id")
    def time(self, row: Batch) -> str:
        """Show when it was ordered, to the second."""
        return moment(row.created_at)

    @display(description=_("metadata"))
    def metadata_shown(self, row: Batch) -> SafeString | str:
        """Show what the app attached."""
        return pairs(row.metadata) if row.metadata else "–"


def page_of(row: Batch) -> str:
    """Return the address of a batch's page."""
    return reverse("admin:generation_batch_change", args=[row.pk])


def tasks_table(row: Batch, *, shows_prompts: bool) -> SafeString:
    """Return the tasks of a batch in its order."""
    headers = [
        _("no."),
        _("task"),
        _("state"),
        _("pictures"),
        _("price"),
        *([_("prompt")] if shows_prompts else []),
    ]
    rows = []
    for task in row.tasks.order_by("-id"):
        prompt = str(task.spec.get("prompt", ""))
        short = prompt if len(prompt) <= LONGEST_PROMPT else f"{prompt[: LONGEST_PROMPT - 1]}…"
        rows.append(
            [
                task.batch_index,
                link("generation_task", task.pk, task),
                task_badge(task),
                task.num_images,
                task.price,
                *([short] if shows_prompts else []),
            ]
        )
    return table(headers, rows)


def refused_table(row: Batch) -> SafeString:
    """Return the orders that were not taken, and why."""
    rows = []
    for kept in row.refused:
        told = word_kept(kept)
        why = "; ".join(f"{error['field']}: {error['message']}" for error in told["errors"])
        rows.append([kept["index"], code(told["code"]), why or told["message"]])
    return table([_("no."), _("error code"), _("why")], rows)
