"""Pictures that wait for approval: staff look at them, and approve or reject them, one by one or many at once."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminTextInputWidget

from generation.admin.moderation.words import LONGEST_EXCERPT
from generation.life import doorbell
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.filters import StandingFilter
from genhub.admin.forms import ReasonForm
from genhub.admin.lightbox import Enlarged
from genhub.admin.pages import Question, ask, on_this_site, without_action, word
from genhub.admin.show import badge, link, moment, table
from genhub.lib.errors import Problem
from genhub.lib.reasons import LONGEST_REASON, SHORTEST_REASON
from genhub.webhooks import outbox
from storage import reviews
from storage.reviews import ReviewedPicture, ReviewState
from storage.selectors import sign_download, sign_link

COLOURS = {
    ReviewState.WAITING: "warning",
    ReviewState.APPROVED: "success",
    ReviewState.REJECTED: "danger",
}
READ_BY_OWNERS = _("Its owner and the app read it, without your name.")
REASON_MISSING = _("Nothing was rejected: give a reason of at least 10 characters.")


class StateFilter(StandingFilter):
    """What waits, unless another state is chosen."""

    title = _("approval")
    parameter_name = "review"
    states, first = ReviewState, ReviewState.WAITING


class DecisionForm(ActionForm):
    """What to do with the chosen pictures, and why."""

    reason = forms.CharField(
        label="",
        required=False,
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextInputWidget(
            {
                "placeholder": _("Reason; at least 10 characters to reject"),
                "aria-label": _("Reason"),
                "data-shortest": SHORTEST_REASON,
            }
        ),
    )


@admin.register(ReviewedPicture)
class ReviewedPictureAdmin(ReadOnlyAdmin):
    """Pictures of platforms that publish approved ones alone; what has waited longest stands first."""

    list_display = ("shown", "asked_for", "owner", "state_shown", "age")
    list_display_links = None
    card_lead, card_facts = "asked_for", ("shown", "owner", "state_shown", "age")
    list_filter = (StateFilter, "platform")
    search_fields = ("user",)
    search_help_text = _("Search by user, or paste the id of a picture.")
    ordering = ("id",)
    list_per_page = 20
    action_form = DecisionForm
    actions = ("approve_chosen", "reject_chosen")  # type: ignore[assignment]  # lists have none as a rule
    actions_detail = ("approve", "reject")
    list_before_template = "admin/generation/approval_keys.html"
    fields = ("state_shown", "reason_shown", "asked_for", "owner", "task_link", "pixels", "age")
    change_form_outer_before_template = "admin/generation/finding.html"
    has_history = True

    class Media:
        js = ("genhub/approvals.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the pictures with what they were drawn from."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related("platform", "output__task", "edit__parent__output__task")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Allow those who decide, too."""
        return bool(
            super().has_view_permission(request, obj) or self.has_review_permission(request)
        )

    def has_review_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who may decide."""
        return bool(request.user.has_perm("storage.review_pictures"))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer the decision that would change something."""
        row = self.get_object(request, object_id)
        if row is None:
            return []
        done = {ReviewState.APPROVED: "approve", ReviewState.REJECTED: "reject"}.get(row.review)
        listed = super().get_actions_detail(request, object_id)
        return without_action(listed, done) if done else listed

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show a picture with every decision about it."""
        row = self.find_object(request, object_id)
        extra = {"show_save": False, "shown": draw(row)}
        if decisions := list_decisions(row):
            extra["sections"] = [(gettext("Decisions"), decisions)]
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    @admin.action(description=_("Approve"), permissions=["review"])
    def approve_chosen(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Approve what was chosen and still waits."""
        self.decide_chosen(request, rows, ReviewState.APPROVED)

    @admin.action(description=_("Reject"), permissions=["review"])
    def reject_chosen(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """Reject what was chosen and still waits, with one reason."""
        self.decide_chosen(request, rows, ReviewState.REJECTED)

    def decide_chosen(self, request: HttpRequest, rows: QuerySet[Any], state: ReviewState) -> None:
        """Decide about several, and say how many of them still waited."""
        reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
        if state == ReviewState.REJECTED and len(reason) < SHORTEST_REASON:
            messages.error(request, REASON_MISSING)
            return
        chosen = {row.pk: row for row in rows}
        decided = reviews.decide_waiting(chosen, state, person=request.user, reason=reason)
        for picture_id in decided:
            self.log_change(request, chosen[picture_id], f"{state.label}: {reason}")
        doorbell.ring_after_commit(outbox.QUEUE)
        if decided:
            messages.success(request, word_count(state, len(decided)))
        if missed := len(chosen) - len(decided):
            text = ngettext(
                "%(count)s was decided before, or is gone: nothing was changed there.",
                "%(count)s were decided before, or are gone: nothing was changed there.",
                missed,
            )
            messages.warning(request, text % {"count": missed})

    @action(description=_("Approve"), permissions=["review"], icon="check", variant=ActionVariant.PRIMARY)  # fmt: skip
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then approve."""
        return self.decide(request, self.find_object(request, object_id), ReviewState.APPROVED)

    @action(description=_("Reject"), permissions=["review"], icon="block", variant=ActionVariant.DANGER)  # fmt: skip
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then reject."""
        return self.decide(request, self.find_object(request, object_id), ReviewState.REJECTED)

    def decide(self, request: HttpRequest, row: Any, state: ReviewState) -> HttpResponse:
        """Ask for the reason and act on it; what the service refuses stands above the form."""
        is_rejection = state == ReviewState.REJECTED
        verb = gettext("Reject") if is_rejection else gettext("Approve")
        form = ReasonForm(request.POST or None, initial={"seen": row.review})
        form.fields["reason"].required = is_rejection
        form.fields["reason"].help_text = READ_BY_OWNERS
        if form.is_valid():
            said = form.cleaned_data
            words = {"reason": said["reason"], "seen": said["seen"]}
            try:
                reviews.decide(row.pk, state, person=request.user, **words)
            except Problem as problem:
                form.add_error(None, word(problem))
                form.look_again(self.find_object(request, str(row.pk)).review)
            else:
                doorbell.ring_after_commit(outbox.QUEUE)
                self.log_change(request, row, f"{verb}: {said['reason']}")
                messages.success(request, word_count(state, 1))
                return HttpResponseRedirect(self.page_of(row))
        question = Question(
            title=f"{verb}: {row}",
            intro=str(ENDS_LINKS if is_rejection else OPENS),
            pictures=(on_this_site(sign_link(row)),),
            facts={gettext("Prompt"): self.asked_for(row), gettext("User"): self.owner(row)},
            form=form,
            submit=verb,
            back=self.page_of(row),
            is_dangerous=is_rejection,
        )
        return ask(self, request, question, about=row)

    def page_of(self, row: ReviewedPicture) -> str:
        """Return the address of a picture's page."""
        return reverse("admin:storage_reviewedpicture_change", args=[row.pk])

    @display(description=_("picture"))
    def shown(self, row: ReviewedPicture) -> SafeString:
        """Show the picture, large enough to be judged, and larger at a click; its page is one more away."""
        return draw(row, page=self.page_of(row))

    @display(description=_("prompt"))
    def asked_for(self, row: Any) -> str:
        """Show the words that it was drawn from; of an edit those of the picture that it was made of."""
        task = task_of(row)
        text = task.spec.get("prompt") if task else ""
        return Truncator(text or gettext("uploaded")).chars(4 * LONGEST_EXCERPT)

    @display(description=_("user"))
    def owner(self, row: Any) -> str:
        """Show the user and the platform."""
        return f"{row.user} @ {row.platform}"

    @display(description=_("approval"), ordering="review")
    def state_shown(self, row: Any) -> SafeString:
        """Show where it stands as a coloured word."""
        return badge(row.get_review_display(), COLOURS[ReviewState(row.review)])

    @display(description=_("reason"))
    def reason_shown(self, row: Any) -> str:
        """Show what staff said last."""
        return row.review_reason or "–"

    @display(description=_("task"))
    def task_link(self, row: Any) -> SafeString | str:
        """Show the task, which is one click away."""
        task = task_of(row)
        return link("generation_task", task.pk, gettext("Open the task")) if task else "–"

    @display(description=_("pixels"))
    def pixels(self, row: Any) -> str:
        """Show width and height."""
        return f"{row.width} × {row.height}"

    @display(description=_("time"), ordering="id")
    def age(self, row: Any) -> str:
        """Show when it was made."""
        return moment(row.created_at)


ENDS_LINKS = _("It can be neither shared nor put into a text, and every link to it that was made before ends now.")  # fmt: skip
OPENS = _("Its owner can share it and put it into a text. Links that a rejection ended stay ended.")


def task_of(row: Any) -> Any:
    """Return the task that drew a picture, or what it was made of; None for an upload."""
    edit = getattr(row, "edit", None)
    for picture in (row, edit.parent if edit else None):
        if output := getattr(picture, "output", None):
            return output.task
    return None


def draw(row: Any, *, page: str = "") -> SafeString:
    """Return a picture as staff judge it: in a list small, with the way to its page."""
    large, task = on_this_site(sign_link(row)), task_of(row)
    small = on_this_site(sign_link(row, thumbnail=True)) if page else large
    prompt = task.spec.get("prompt", "") if task else ""
    download = on_this_site(sign_download(row))
    return Enlarged(str(row.pk), large, small, download, prompt, page).draw()


def list_decisions(row: Any) -> SafeString | str:
    """Return every decision about a picture, the last one first."""
    rows = [
        [badge(one.get_state_display(), COLOURS[ReviewState(one.state)]), one.reason or "–", one.decided_by, moment(one.decided_at)]
        for one in row.reviews.select_related("decided_by")
    ]  # fmt: skip
    return table([_("approval"), _("reason"), _("decided by"), _("decided at")], rows) if rows else ""  # fmt: skip


def word_count(state: ReviewState, count: int) -> str:
    """Return how many pictures were decided about."""
    text = (
        ngettext("%(count)s picture was approved.", "%(count)s pictures were approved.", count)
        if state == ReviewState.APPROVED
        else ngettext("%(count)s picture was rejected.", "%(count)s pictures were rejected.", count)
    )
    return text % {"count": count}
