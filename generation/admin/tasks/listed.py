"""The list of tasks: its columns, what became of each one's credits, and the same rows as pictures in large."""

from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.views import ChangeList

from credits.selectors import NO_HOLD, view_holds
from generation.admin.filters import (
    GALLERY,
    AgeFilter,
    BulkCancelFilter,
    DoubtFilter,
    FailureFilter,
    ModelFilter,
    OrderedFilter,
    TemplateFilter,
)
from generation.admin.words import list_pictures, task_badge, word_failure
from generation.models import Task
from genhub.admin.asked_filters import turn_times
from genhub.admin.base import HubAdmin
from genhub.admin.paging import InfinitePaginator
from genhub.admin.show import code, moment

# Of a prompt in the list.
LONGEST_PROMPT = 60
LONGEST_UNDER_PICTURES = 160


class TaskList(ChangeList):
    """A page of tasks with what became of their credits, read in one query for all of them; as rows or as pictures."""

    result_list: Any

    def get_filters_params(self, params: Any = None) -> Any:
        """Leave out how the list looks: it is no filter."""
        found = super().get_filters_params(params)
        found.pop(GALLERY, None)
        return found

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, then the holds of its tasks."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        # Nobody counts them all; what the endless paginator says instead is no number of tasks.
        self.result_count = len(self.result_list)
        holds = view_holds([task.pk for task in self.result_list])
        for task in self.result_list:
            task.hold = holds.get(task.pk, NO_HOLD)
        self.is_gallery = GALLERY in self.params
        self.as_rows = self.get_query_string(remove=[GALLERY])
        self.as_pictures = self.get_query_string({GALLERY: "1"})
        if self.is_gallery:
            self.cards = [card_of(task) for task in self.result_list]


def card_of(task: Task) -> dict[str, Any]:
    """Return a task as a card of pictures shows it."""
    pictures = list_pictures(task.outputs.all())
    return {
        "task": task,
        "state": task_badge(task),
        "pictures": [picture for picture in pictures if picture.link],
        "missing": [picture.failure for picture in pictures if picture.failure],
        "failure": word_failure(task.error_code, task.error_params) if task.error_code else "",
        "prompt": Truncator(task.spec.get("prompt", "")).chars(LONGEST_UNDER_PICTURES) or "–",
        "time": moment(task.created_at),
    }


class TaskColumns(HubAdmin):
    """The part of the tasks' pages that lists them."""

    list_display = (
        "summary", "state_shown", "user_shown", "model", "number", "price", "captured", "time",
    )  # fmt: skip
    list_display_links = ("summary",)
    card_facts = ("state_shown", "user_shown", "price", "time")
    list_filter = (
        "state",
        ("created_at", OrderedFilter),
        TemplateFilter,
        FailureFilter,
        DoubtFilter,
        "platform",
        ModelFilter,
        AgeFilter,
        "local_only",
        BulkCancelFilter,
    )
    list_select_related = ("platform",)
    search_fields = ("user",)
    search_help_text = _(
        "Search by user, words of prompt and metadata, a part of an id, or the whole id of a request."
    )
    ordering = ("-id",)
    paginator = InfinitePaginator
    # By another column all rows would be read.
    sortable_by = ("summary", "time")
    show_full_result_count = False
    list_per_page = 25
    list_before_template = "admin/generation/rows_or_pictures.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[TaskList]:
        """Return the list that knows the credits."""
        return TaskList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the list, of the times that its form said."""
        turned = turn_times(request, "created_at")
        return turned or super().changelist_view(request, extra_context)

    @display(description=_("task"), header=True, ordering="id")
    def summary(self, task: Task) -> list[Any]:
        """Show a thumbnail, the beginning of the prompt and the id."""
        pictures = [p for p in list_pictures(task.outputs.all()) if p.thumbnail]
        image = (
            {"path": pictures[0].thumbnail, "squared": True, "width": 48, "height": 48}
            if pictures
            else None
        )
        prompt = task.spec.get("prompt", "")
        return [Truncator(prompt).chars(LONGEST_PROMPT) or "–", code(task), "", image]

    @display(description=_("state"), ordering="state")
    def state_shown(self, task: Task) -> SafeString:
        """Show the state as a coloured word."""
        return task_badge(task)

    @display(description=_("user"), header=True, ordering="user")
    def user_shown(self, task: Task) -> list[Any]:
        """Show the user and the platform."""
        return [task.user, str(task.platform)]

    @display(description=_("pictures"), ordering="num_images")
    def number(self, task: Task) -> int:
        """Show how many were ordered."""
        return task.num_images

    @display(description=_("captured"))
    def captured(self, task: Any) -> str:
        """Show what was paid, and what of it was given back."""
        refunded = f" (−{task.hold.refunded})" if task.hold.refunded else ""
        return f"{task.hold.captured}{refunded}"

    @display(description=_("created"), ordering="id")
    def time(self, task: Task) -> str:
        """Show when it was ordered, to the second."""
        return moment(task.created_at)
