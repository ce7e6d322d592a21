"""Prompts that were refused: staff look for harmless ones, and let what stands in them never be refused again."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from generation.admin.moderation import words
from generation.models import Finding, RefusedPrompt
from generation.models.term import LONGEST_TERM
from generation.moderation import review
from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.forms import ReasonForm
from genhub.admin.pages import Question, ask
from genhub.admin.paging import InfinitePaginator
from genhub.admin.show import link, moment


class AllowForm(ReasonForm):
    """Asks which text shall never be refused."""

    field_order = ("text", "reason")
    text = forms.CharField(
        label=_("Never refuse"),
        max_length=LONGEST_TERM,
        widget=UnfoldAdminTextInputWidget(),
        help_text=_(
            "The term with the words around it that make it harmless, such as “naked eye”."
        ),
    )

    def __init__(self, *args: Any, row: Finding, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row
        self.fields["reason"].help_text = _("At least 10 characters. It stays with your name.")

    def clean_text(self) -> str:
        """Refuse what would not help, and what would switch off the whole term."""
        text = str(self.cleaned_data["text"]).strip()
        if review.is_whole_term(self.row, text):
            raise ValidationError(
                _("That is the term itself: switch it off on its own page instead.")
            )
        if review.still_hits(self.row, text):
            raise ValidationError(
                _(
                    "This prompt would still be refused. Write what stands in it, with the term inside."
                )
            )
        return text


@admin.register(RefusedPrompt)
class RefusedPromptAdmin(ReadOnlyAdmin):
    """Refused prompts, newest first."""

    list_display = ("excerpt", "found", "finder", "user_shown", "time", "state_shown")
    list_display_links = ("excerpt",)
    list_filter = ("state", "source", "platform")
    search_fields = ("user",)
    ordering = ("-created_at", "-id")
    paginator = InfinitePaginator
    show_full_result_count = False
    actions_detail = ("allow",)
    has_history = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the findings without a task."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.filter(task=None).select_related("platform", "term", "decided_by")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return what there is to show."""
        names = ["text", "field", "found", "finder", "user_shown", "time", "state_shown"]
        if obj.term_id:
            names.append("term_link")
        if obj.decided_by_id:
            names += ["decided_by", "decided", "reason"]
        return tuple(names)

    def has_decide_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who may decide, and may add the term that it takes."""
        rights = ("generation.decide_findings", "generation.add_term")
        return all(request.user.has_perm(right) for right in rights)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Allow those who decide, too."""
        return bool(
            super().has_view_permission(request, obj) or request.user.has_perm("generation.decide_findings")
        )  # fmt: skip

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer to allow a text where a term was hit."""
        row = self.get_object(request, object_id)
        if row is None or row.term_id is None or row.state != Finding.State.OPEN:
            return []
        return list(super().get_actions_detail(request, object_id))

    @action(description=_("Allow this"), permissions=["decide"], icon="check")
    def allow(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask which text of the prompt shall never be refused, and why."""
        row = self.find_object(request, object_id)
        back = reverse("admin:generation_refusedprompt_change", args=[row.pk])
        if row.term is None or row.state != Finding.State.OPEN:
            return HttpResponseRedirect(back)
        form = AllowForm(request.POST or None, row=row, initial={"text": row.term.text})
        if form.is_valid():
            said = form.cleaned_data
            review.allow(row.pk, said["text"], person=request.user, reason=said["reason"])
            self.log_change(request, row, f"allow “{said['text']}”: {said['reason']}")
            done = gettext("“%(text)s” is never refused from now on.") % {"text": said["text"]}
            messages.success(request, done)
            return HttpResponseRedirect(back)
        question = Question(
            title=gettext("Allow a text"),
            intro=gettext(
                "Prompts in which the term stands inside of this text are taken from now on."
            ),
            facts={gettext("Prompt"): row.text, gettext("Found"): words.word_labels(row)},
            form=form,
            submit=gettext("Allow"),
            back=back,
        )
        return ask(self, request, question, about=row)

    @display(description=_("prompt"))
    def excerpt(self, row: Finding) -> str:
        """Show how the prompt begins."""
        return words.excerpt(row)

    @display(description=_("found"))
    def found(self, row: Finding) -> str:
        """Show what was found."""
        return words.word_labels(row)

    @display(description=_("found by"), ordering="source")
    def finder(self, row: Finding) -> str:
        """Show who found it."""
        return words.word_finder(row)

    @display(description=_("user"))
    def user_shown(self, row: Finding) -> str:
        """Show who ordered."""
        return f"{row.user} @ {row.platform}"

    @display(description=_("time"), ordering="created_at")
    def time(self, row: Finding) -> str:
        """Show when it was refused."""
        return moment(row.created_at)

    @display(description=_("state"), ordering="state")
    def state_shown(self, row: Finding) -> SafeString:
        """Show whether somebody looked."""
        return words.state_badge(row)

    @display(description=_("term"))
    def term_link(self, row: Finding) -> SafeString:
        """Show the term, which is one click away."""
        return link("generation_term", row.term_id, row.term)

    @display(description=_("decided at"))
    def decided(self, row: Finding) -> str:
        """Show when it was decided."""
        return moment(row.decided_at)
