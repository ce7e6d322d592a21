"""The way to a bulk refund: from the list of tasks and its filters to a preview and a confirmation."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from generation.admin.refunds.ask import word_alone
from generation.admin.refunds.conditions import word_conditions
from generation.admin.tasks.filtered import FilteredPage, FrozenForm, back_to_list, freeze
from generation.admin.words import picture_of
from generation.models import RefundBatch, RefundState, Task
from generation.refunds.bulk import (
    Preview,
    UserPart,
    list_users,
    preview_refunds,
    request_refunds,
    would_wait,
)
from generation.selectors.refunds import mark_batches
from generation.selectors.tasks import list_outputs_of
from genhub.admin.forms import READ_BY_USERS
from genhub.admin.pages import Question, ask, word
from genhub.lib.errors import Problem

PICTURES = 8
# What a bigint holds.
LARGEST_SUM = 2**63 - 1


class BulkForm(FrozenForm):
    """Confirms so many refunds of so many credits."""

    count = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=LARGEST_SUM)
    total = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=LARGEST_SUM)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = READ_BY_USERS


class BulkRefundPage(FilteredPage):
    """The part of the list of tasks that refunds all that it shows, on every page of it."""

    @action(description=_("Refund all of these"), permissions=["refund"], icon="undo")
    def refund_all(self, request: HttpRequest) -> HttpResponse:
        """Show what refunding all tasks of the filter would do; ask why; freeze it and let the loops do it."""
        seen = self.find_seen(request, gettext("Refund all of these"))
        if isinstance(seen, HttpResponse):
            return seen
        tasks, newest = seen
        preview = preview_refunds(tasks)
        now = {"count": preview.count, "total": preview.total}
        form = BulkForm(request.POST or None, initial={"newest": newest, **now})
        if form.is_valid():
            try:
                batch = self.write(request, tasks, form.cleaned_data)
            except Problem as problem:
                form.add_error(None, word(problem))
                form.renew(**now)
            else:
                return HttpResponseRedirect(
                    reverse("admin:generation_refundbatch_change", args=[batch.pk])
                )
        return ask(self, request, ask_bulk(request, tasks, preview, form))

    def write(
        self, request: HttpRequest, tasks: QuerySet[Task], words: dict[str, Any]
    ) -> RefundBatch:
        """Freeze what was confirmed, and say whether it waits for a second person."""
        new = freeze(RefundBatch, request, words)
        batch, is_new = request_refunds(tasks, seen=(words["count"], words["total"]), batch=new)
        if not is_new:
            messages.info(
                request, gettext("This bulk refund was confirmed before; nothing was added.")
            )
            return batch
        about = {"count": batch.count, "total": batch.total}
        text = gettext("Confirmed a bulk refund: %(count)s tasks, %(total)s credits") % about
        self.log_addition(request, batch, text)
        if mark_batches(RefundBatch.objects.filter(pk=batch.pk)).get().state == RefundState.PENDING:
            text = gettext(
                "%(count)s refunds of %(total)s credits wait for a second person's approval. Nothing was moved yet."
            )
            messages.warning(request, text % about)
        else:
            text = gettext("%(count)s refunds of %(total)s credits are under way.")
            messages.success(request, text % about)
        return batch


def ask_bulk(
    request: HttpRequest, tasks: QuerySet[Task], preview: Preview, form: BulkForm
) -> Question:
    """Return the preview, with the form that confirms it when there is anything to refund."""
    person: Any = request.user
    about = {"count": preview.count, "total": preview.total}
    outputs = list_outputs_of(tasks.order_by().values("pk"), PICTURES)
    return Question(
        title=gettext("Refund all of these"),
        intro=word_bulk(preview, waits=would_wait(preview, person)),
        facts={
            gettext("Filter"): word_conditions(request.GET.urlencode()),
            gettext("Users"): word_users(*list_users(tasks)),
            gettext("Tasks"): preview.tasks,
            gettext("With something left"): preview.count,
            gettext("With nothing left"): preview.tasks - preview.count,
            gettext("Credits left to refund"): preview.total,
            gettext("You refunded alone in 24 hours"): word_alone(request),
        },
        pictures=tuple(picture_of(output).thumbnail for output in outputs),
        form=form if preview.count else None,
        submit=gettext("Refund %(total)s credits of %(count)s tasks") % about
        if preview.count
        else "",
        is_dangerous=True,
        back=back_to_list(request),
    )


def word_users(users: Sequence[UserPart], all_users: int) -> SafeString | str:
    """Return who gets how much, one a line, and how many are not named."""
    lines = [(word_user(part),) for part in users]
    if all_users > len(users):
        more = ngettext(
            "and %(count)s more user", "and %(count)s more users", all_users - len(users)
        )
        lines.append((more % {"count": all_users - len(users)},))
    return format_html_join("", "<div>{}</div>", lines) if lines else "–"


def word_user(part: UserPart) -> str:
    """Return what one user gets."""
    text = ngettext(
        "%(user)s @ %(platform)s: %(count)s task, %(total)s credits",
        "%(user)s @ %(platform)s: %(count)s tasks, %(total)s credits",
        part.count,
    )
    return text % vars(part)


def word_bulk(preview: Preview, *, waits: bool) -> str:
    """Return what the confirmation does."""
    if not preview.count:
        return gettext("There is nothing to refund: no captured credits are left.")
    if waits:
        return gettext(
            "All that is left of each task goes back to its user once a second person approves it: this goes beyond "
            "%(limit)s credits. The tasks are frozen when you confirm."
        ) % {"limit": settings.REFUND_APPROVAL_ABOVE}
    return gettext(
        "All that is left of each task goes back to its user. The tasks are frozen when you confirm, and refunded one "
        "by one. A refund cannot be taken back."
    )
