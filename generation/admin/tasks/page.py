"""Pages of tasks: read, looked at and refunded, never edited."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from credits.selectors import find_purse, view_holds
from generation.admin.customers.page import CustomerPage
from generation.admin.moderation.words import findings_table
from generation.admin.refunds.ask import RefundPage, see_balance
from generation.admin.refunds.ask_bulk import BulkRefundPage
from generation.admin.tasks.cancel_many import BulkCancelPage
from generation.admin.tasks.chain import chain_table
from generation.admin.tasks.comparing import ComparePage
from generation.admin.tasks.deeds import DeedsPage
from generation.admin.tasks.desk import late_table
from generation.admin.tasks.doubt import DoubtPage
from generation.admin.tasks.example import ExamplePage
from generation.admin.tasks.figures import FiguresPage
from generation.admin.tasks.history import attempts_table, story_table
from generation.admin.tasks.listed import TaskColumns
from generation.admin.tasks.sheets import SheetPage
from generation.admin.tasks.style_pictures import StylePicturesPage
from generation.admin.tasks.taking_down import TakingDownPage
from generation.admin.tasks.trying import TryPage
from generation.admin.tasks.versions import VersionsPage
from generation.admin.words import list_pictures, task_badge, view_progress, word_failure
from generation.models import Output, Task
from generation.selectors.tasks import describe_template, search_tasks, when_ended
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.customers import customer_link
from genhub.admin.show import link, moment, pairs


@admin.register(Task)
class TaskAdmin(
    TakingDownPage,
    CustomerPage,
    ExamplePage,
    DoubtPage,
    RefundPage,
    BulkRefundPage,
    BulkCancelPage,
    DeedsPage,
    ComparePage,
    SheetPage,
    StylePicturesPage,
    TryPage,
    VersionsPage,
    FiguresPage,
    TaskColumns,
    ReadOnlyAdmin,
):
    """Customers' orders, newest first."""

    actions_list = ("refund_all", "cancel_all")
    actions_detail = ("decide", "refund", "order_again", "cancel", "show_by_picture")
    has_history = True
    change_form_outer_before_template = "admin/generation/overview.html"
    fieldsets = (
        (
            _("Order"),
            {
                "fields": (
                    "prompt",
                    "negative_prompt",
                    "model",
                    "template_shown",
                    "style",
                    "making",
                    "quality",
                    "seeds",
                    "subject",
                )
            },
        ),
        (
            _("Terms"),
            {
                "fields": (
                    "priority",
                    "num_images",
                    "unit_price",
                    "price",
                    "local_only",
                    "batch_shown",
                    "cached_shown",
                    "metadata_shown",
                    "request_id",
                )
            },
        ),
        (
            _("Times"),
            {
                "fields": (
                    ("created_at", "started_at", "ended"),
                    ("timeout_seconds", "expires_at", "deadline_at"),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        """Return all tasks with their pictures."""
        rows: QuerySet[Task] = super().get_queryset(request)
        outputs = Output.objects.select_related("artifact").order_by("position")
        return rows.select_related("template_version__template", "platform").prefetch_related(
            Prefetch("outputs", outputs)
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Task], search_term: str
    ) -> tuple[QuerySet[Task], bool]:
        """Find tasks by an index over all that staff know of them."""
        return search_tasks(queryset, search_term), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show a task with its pictures, credits, attempts and history."""
        task = self.find_object(request, object_id)
        words = {
            "task": task,
            "state": task_badge(task),
            "failure": word_failure(task.error_code, task.error_params) if task.error_code else "",
            "pictures": list_pictures(task.outputs.all()),
            "under_way": view_progress(task),
            "hold": view_holds([task.pk]).get(task.pk),
            "balance": see_balance(request, task),
            "owner": customer_link(task),
            "purse_id": find_purse(task.platform_id, task.user),
            "sections": [
                *[(_("Steps"), steps) for steps in [chain_table(task)] if steps],
                *[
                    (_("Came too late: seen by staff alone, paid by nobody"), late)
                    for late in [late_table(task)]
                    if late
                ],
                *[
                    (_("What moderation found"), found)
                    for found in [findings_table(request, task)]
                    if found
                ],
                (
                    _("Attempts"),
                    attempts_table(
                        task, shows_costs=request.user.has_perm("generation.view_costs")
                    ),
                ),
                (_("What happened"), story_table(request, task)),
            ],
        }
        return super().change_view(request, object_id, form_url, words | (extra_context or {}))

    @display(description=_("prompt"))
    def prompt(self, task: Task) -> str:
        """Show what was asked for."""
        return str(task.spec.get("prompt", ""))

    @display(description=_("negative prompt"))
    def negative_prompt(self, task: Task) -> str:
        """Show what was to be kept out."""
        return task.spec.get("negative_prompt", "") or "–"

    @display(description=_("template"))
    def template_shown(self, task: Task) -> str:
        """Show which version of which template it ran."""
        found = describe_template(task)
        return f"{found['code']} v{found['version']} – {found['name']}" if found else "–"

    @display(description=_("size, steps, guidance"))
    def making(self, task: Task) -> str:
        """Show how it was to be made."""
        spec = task.spec
        effort = ["–" if spec[name] is None else str(spec[name]) for name in ("steps", "cfg_scale")]
        said = [f"{spec['width']} × {spec['height']}", *effort]
        if spec.get("seconds"):
            said += [
                gettext("%(seconds)s s") % {"seconds": spec["seconds"]},
                f"{spec['fps'] or '–'} fps",
            ]
        return ", ".join(said)

    @display(description=_("seeds"))
    def seeds(self, task: Task) -> str:
        """Show one seed for each picture, where the vendor takes any."""
        return ", ".join(str(seed) for seed in task.spec["seeds"]) or "–"

    @display(description=_("batch"))
    def batch_shown(self, task: Task) -> SafeString | str:
        """Link to what it was ordered with."""
        return link("generation_batch", task.batch_id, task.batch) if task.batch_id else "–"

    @display(description=_("from the cache"))
    def cached_shown(self, task: Task) -> SafeString | str:
        """Link to the task that had drawn its pictures before."""
        earlier = task.cached_from_id
        return link("generation_task", earlier, f"task_{earlier.hex}") if earlier else "–"

    @display(description=_("metadata"))
    def metadata_shown(self, task: Task) -> SafeString | str:
        """Show what the app attached."""
        return pairs(task.metadata) if task.metadata else "–"

    @display(description=_("ended at"))
    def ended(self, task: Task) -> str:
        """Show when it ended, whatever the end."""
        return moment(when_ended(task))
