"""A picture is taken down: with a right, a reason, and, where it was paid, its share given back in the same step."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldBooleanWidget

from generation.admin.refunds.ask import RefundPage, left_of, refund_page, task_page
from generation.admin.words import list_pictures
from generation.models import Output, RefundState
from generation.orders.taking_down import take_down
from generation.refunds.pictures import find_taken, share_out
from genhub.admin.customers import customer_link, customer_page
from genhub.admin.forms import ReasonForm
from genhub.admin.pages import Question, ask, on_this_site, word
from genhub.admin.show import code
from genhub.lib.errors import Problem
from genhub.lib.ids import new_id
from storage.selectors import find_any, sign_link

NAME = "generation_task_take_down"


class TakeDownForm(ReasonForm):
    """Asks why, and whether what it cost is given back."""

    field_order = ("refunds", "reason", "once")
    refunds = forms.BooleanField(required=False, widget=UnfoldBooleanWidget)
    once = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, share: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["once"].initial = new_id
        self.fields["reason"].help_text = _(
            "At least 10 characters. It stays for ever, with your name; the app is told it, without the name."
        )
        if share:
            label = gettext("Give its %(share)s credits back, too") % {"share": share}
            self.fields["refunds"].label = label
        else:
            del self.fields["refunds"]


class TakingDownPage(RefundPage):
    """The part of the tasks' pages that takes a picture down."""

    def get_urls(self) -> list[Any]:
        """Add the address of the page, before that of a task of this name."""
        view = self.admin_site.admin_view(self.take_down)
        return [path("take-down/<uuid:picture_id>/", view, name=NAME), *super().get_urls()]

    def take_down(self, request: HttpRequest, picture_id: uuid.UUID) -> HttpResponse:
        """Show the picture once more, ask why, and delete it for good."""
        if not request.user.has_perm("storage.take_down_pictures"):
            raise PermissionDenied
        picture = find_any(picture_id)
        if picture is None:
            raise Http404
        output = Output.objects.filter(artifact=picture).select_related("task__platform").first()
        share = share_of(request, output)
        form = TakeDownForm(request.POST or None, share=share)
        if form.is_valid():
            try:
                where = self.delete(request, picture, output, share, form.cleaned_data)
            except Problem as problem:
                form.add_error(None, word(problem))
            else:
                return HttpResponseRedirect(where)
        is_gone = picture.gone_at is not None
        question = Question(
            title=gettext("Take this picture down?"),
            intro=gettext("Its files were deleted before: there is nothing to take down.")
            if is_gone
            else gettext(
                "Its files, previews and share links are deleted at once and for good, wherever the hub shows this very "
                "file, and so is every edit that shows it. The row stays and says so, and the app is told "
                "(picture.taken_down). To keep it from its owner and decide later, withhold it instead."
            ),
            pictures=() if is_gone else (on_this_site(sign_link(picture, thumbnail=True)),),
            facts=facts_of(picture, output),
            form=None if is_gone else form,
            submit="" if is_gone else gettext("Take it down for good"),
            back=back_of(picture, output),
            is_dangerous=True,
        )
        return ask(self, request, question)

    def delete(
        self, request: HttpRequest, picture: Any, output: Any, share: int, words: dict[str, Any]
    ) -> str:
        """Delete a picture, give back its share where that is wished, say both, and return where to go on."""
        person: Any = request.user
        gone = take_down(picture.pk, reason=words["reason"], person=person)
        text = gettext("The picture was taken down; rows that showed it: %(count)s.")
        messages.success(request, text % {"count": len(gone)})
        note = gettext("Took %(picture)s down: %(reason)s")
        about = output.task if output else picture
        self.log_change(request, about, note % {"picture": picture, "reason": words["reason"]})
        if not words.get("refunds"):
            return back_of(picture, output)
        refund = {"amount": share, "positions": (output.position,), "seen": "", **words}
        try:
            row = self.give_back(request, output.task, refund)
        except Problem as problem:
            # The picture is gone all the same, and the page of its task pays back what is left.
            messages.error(request, word(problem))
            return task_page(output.task)
        return refund_page(row) if row.state == RefundState.PENDING else back_of(picture, output)


def share_of(request: HttpRequest, output: Any) -> int:
    """Return what a picture cost that this member of staff may give back now; 0 for none."""
    if output is None or not request.user.has_perm("credits.refund_credits"):
        return 0
    left = left_of(output.task)
    share = share_out(output.task, left.captured).get(output.position, 0)
    is_taken = output.position in find_taken(output.task_id)
    return 0 if is_taken or share > left.free else share


def facts_of(picture: Any, output: Any) -> dict[str, Any]:
    """Return which picture it is, whose, and what was asked for."""
    facts = {gettext("Artifact"): code(picture), gettext("User"): customer_link(picture)}
    if output is None:
        return facts
    failure = list_pictures([output])[0].failure
    return facts | {
        gettext("Task"): code(output.task),
        gettext("Picture"): output.position + 1,
        gettext("Prompt"): output.task.spec.get("prompt") or "–",
        **({gettext("What became of it"): failure} if failure else {}),
    }


def back_of(picture: Any, output: Any) -> str:
    """Return where a picture is shown: the page of its task, or of its owner."""
    if output:
        return task_page(output.task)
    return customer_page(picture.platform.code, picture.user)


def take_down_page(picture_id: Any) -> str:
    """Return the address that takes a picture down."""
    return reverse(f"admin:{NAME}", args=[picture_id])
