"""The desk of moderation: withheld pictures and flagged orders, which staff release or withhold with a reason."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from generation.admin.moderation import words
from generation.admin.moderation.refunding import RefundingPage
from generation.admin.words import word_failure
from generation.models import Appeal, Finding
from generation.moderation import review
from genhub.admin.filters import StandingFilter
from genhub.admin.forms import ReasonForm
from genhub.admin.lightbox import Enlarged
from genhub.admin.pages import Question, ask, on_this_site, without_action, word
from genhub.admin.show import badge, link, moment
from genhub.lib.errors import Problem
from storage.selectors import sign_download, sign_link

SHOW = "show"
IS_APPEALED = Exists(Appeal.objects.filter(task=OuterRef("task_id")))


class StateFilter(StandingFilter):
    """What waits for a decision, unless another state is chosen."""

    states, first = Finding.State, Finding.State.OPEN


@admin.register(Finding)
class FindingAdmin(RefundingPage):
    """Moderated content; what its owner appeals against stands first, then what has waited longest."""

    list_display = (
        "found", "picture", "finder", "outcome_shown", "state_shown", "owner", "task_link", "time",
    )  # fmt: skip
    list_display_links = ("found",)
    list_filter = (StateFilter, "outcome", "source", "platform")
    search_fields = ("user",)
    search_ids = ("task",)
    search_help_text = _("Search by user, or paste the id of a task.")
    ordering = (IS_APPEALED.desc(), "id")
    list_per_page = 20
    show_full_result_count = False
    actions_detail = ("release", "withhold", "repay")
    list_before_template = "admin/hub/desk_keys.html"
    has_history = True
    change_form_outer_before_template = "admin/generation/finding.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what was found in orders that were taken, each with whether its owner appeals."""
        rows: QuerySet[Any] = super().get_queryset(request)
        rows = rows.filter(task__isnull=False).annotate(is_appealed=IS_APPEALED)
        return rows.select_related("platform", "task", "artifact", "term", "decided_by")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Allow those who decide, too."""
        return bool(
            super().has_view_permission(request, obj) or self.has_decide_permission(request)
        )

    def has_decide_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who may decide."""
        return bool(request.user.has_perm("generation.decide_findings"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return what there is to show: nothing of a decision or an appeal that there was not."""
        names = [
            "found",
            "finder",
            "outcome_shown",
            "state_shown",
            "task_link",
            "owner",
            "prompt",
            "time",
        ]
        if obj.is_appealed:
            names += ["appeal_text", "appealed"]
        if obj.decided_by_id:
            names += ["decided_by", "decided", "reason"]
        return tuple(names)

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer the decisions that would change something."""
        row = self.get_object(request, object_id)
        if row is None:
            return []
        done = {Finding.State.RELEASED: "release", Finding.State.KEPT: "withhold"}.get(row.state)
        listed = super().get_actions_detail(request, object_id)
        return without_action(listed, done) if done else listed

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show a finding with its picture: blurred, until somebody who may asks to see it, which is noted."""
        row = self.find_object(request, object_id)
        extra: dict[str, Any] = {"show_save": False}
        if row.artifact:
            extra["shown"] = self.show_picture(request, row)
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    def show_picture(self, request: HttpRequest, row: Finding) -> SafeString | str:
        """Return the picture as whoever looks may see it."""
        assert row.artifact is not None  # noqa: S101 (asked for by the caller)
        if row.artifact.gone_at:
            is_taken = row.artifact.taken_down_at is not None
            return word_failure("picture_taken_down" if is_taken else "file_deleted", {})
        may_see = request.user.has_perm("generation.see_withheld")
        if may_see and SHOW in request.GET:
            self.log_change(request, row, "looked at the picture")
            address = on_this_site(sign_link(row.artifact))
            download = on_this_site(sign_download(row.artifact))
            return Enlarged(str(row.artifact.pk), address, address, download, row.text).draw()
        blurred = words.blur(row.artifact)
        if not may_see:
            return format_html(
                '{}<p class="mt-2">{}</p>',
                blurred,
                gettext("To see it needs a right of its own."),
            )
        shown = gettext("Show the picture; that you looked is noted.")
        return format_html(
            '{}<p class="mt-2"><a class="text-link" href="?{}=1">{}</a></p>',
            blurred,
            SHOW,
            shown,
        )

    @action(description=_("Release"), permissions=["decide"], icon="check", variant=ActionVariant.PRIMARY)  # fmt: skip
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then release."""
        return self.decide(request, self.find_object(request, object_id), Finding.State.RELEASED)

    @action(description=_("Withhold"), permissions=["decide"], icon="block", variant=ActionVariant.DANGER)  # fmt: skip
    def withhold(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then withhold."""
        return self.decide(request, self.find_object(request, object_id), Finding.State.KEPT)

    def decide(self, request: HttpRequest, row: Any, state: Finding.State) -> HttpResponse:
        """Ask for the reason and act on it; what the service refuses stands above the form."""
        is_release = state == Finding.State.RELEASED
        verb = gettext("Release") if is_release else gettext("Withhold")
        form = ReasonForm(request.POST or None, initial={"seen": review.mark_of(row)})
        form.fields["reason"].help_text = READ_BY_OWNERS
        if form.is_valid():
            said = form.cleaned_data
            try:
                review.decide(
                    row.pk, state, person=request.user, reason=said["reason"], seen=said["seen"]
                )
            except Problem as problem:
                form.add_error(None, word(problem))
                form.look_again(review.mark_of(self.find_object(request, str(row.pk))))
            else:
                self.log_change(request, row, f"{verb}: {said['reason']}")
                messages.success(request, RELEASED if is_release else WITHHELD)
                return HttpResponseRedirect(self.page_of(row))
        question = Question(
            title=f"{verb}: {words.word_labels(row)}",
            intro=str(word_release(row) if is_release else word_withhold(row)),
            facts=self.list_facts(row),
            form=form,
            submit=verb,
            back=self.page_of(row),
            is_dangerous=not is_release,
        )
        return ask(self, request, question, about=row)

    def list_facts(self, row: Any) -> dict[str, Any]:
        """Return what a person decides by."""
        facts = {
            gettext("Task"): self.task_link(row),
            gettext("User"): self.owner(row),
            gettext("Prompt"): self.prompt(row),
            gettext("Found by"): words.word_finder(row),
        }
        if row.is_appealed:
            facts[gettext("Appeal")] = self.appeal_text(row)
        return facts

    def page_of(self, row: Finding) -> str:
        """Return the address of a row's page."""
        return reverse("admin:generation_finding_change", args=[row.pk])

    @display(description=_("picture"))
    def picture(self, row: Finding) -> SafeString | str:
        """Show some patches of colour, or how the prompt begins."""
        return words.blur(row.artifact) if row.artifact else words.excerpt(row)

    @display(description=_("found"), ordering="source")
    def found(self, row: Finding) -> str:
        """Show what was found."""
        return words.word_labels(row)

    @display(description=_("found by"), ordering="source")
    def finder(self, row: Finding) -> str:
        """Show who found it."""
        return words.word_finder(row)

    @display(description=_("outcome"), ordering="outcome")
    def outcome_shown(self, row: Finding) -> SafeString:
        """Show what became of it at once."""
        return words.outcome_badge(row)

    @display(description=_("state"), ordering="state")
    def state_shown(self, row: Any) -> SafeString:
        """Show where it stands, and whether its owner appeals."""
        state = words.state_badge(row)
        return (
            format_html("{} {}", state, badge(gettext("appeal"), "primary"))
            if row.is_appealed
            else state
        )

    @display(description=_("user"))
    def owner(self, row: Finding) -> str:
        """Show the user and the platform."""
        return f"{row.user} @ {row.platform}"

    @display(description=_("task"))
    def task_link(self, row: Finding) -> SafeString:
        """Show the task, which is one click away."""
        return link("generation_task", row.task_id, gettext("Open the task"))

    @display(description=_("prompt"))
    def prompt(self, row: Finding) -> str:
        """Show what was asked for."""
        return row.task.spec.get("prompt") or "–" if row.task else "–"

    @display(description=_("appeal"))
    def appeal_text(self, row: Any) -> str:
        """Show what the owner says."""
        return str(row.task.appeal.text)

    @display(description=_("appealed at"))
    def appealed(self, row: Any) -> str:
        """Show when the owner said it."""
        return moment(row.task.appeal.created_at)

    @display(description=_("time"), ordering="id")
    def time(self, row: Finding) -> str:
        """Show when it was found."""
        return moment(row.created_at)

    @display(description=_("decided at"))
    def decided(self, row: Finding) -> str:
        """Show when it was decided."""
        return moment(row.decided_at)


READ_BY_OWNERS = _(
    "At least 10 characters. It stays with your name; the owner may read it, without the name."
)
RELEASED = _("It was released. No credit moved: what was given back stays given back.")
WITHHELD = _("It is withheld. No credit moved: refund what was paid on the page of its task.")


def word_release(row: Finding) -> Any:
    """Return what a release does."""
    if row.outcome == Finding.Outcome.BLOCKED:
        return _(
            "Its owner gets the picture, as part of the task's result, and pays nothing: what was given back stays given back."
        )
    return _("It stays with its owner, as it was delivered.")


def word_withhold(row: Finding) -> Any:
    """Return what it does to withhold."""
    if row.outcome == Finding.Outcome.BLOCKED:
        return _("The picture stays apart: its owner never gets it. It was not charged.")
    return _(
        "What was delivered is taken from its owner and from all others who have the same file. What was paid stays paid "
        "until somebody refunds it on the page of its task."
    )
