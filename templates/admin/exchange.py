"""Templates as files, in the admin: one or all are downloaded, and a file's are read as drafts after a look."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanWidget,
)

from genhub.admin.base import HubAdmin
from genhub.admin.pages import Question, ask, word_lines
from genhub.admin.show import table
from genhub.lib.errors import InvalidRequest
from templates.admin.publish import word_mistakes
from templates.errors import VersionNotPublishable
from templates.exchange import (
    CREATED,
    DRAFTED,
    LARGEST_BYTES,
    SAME,
    Imported,
    import_yaml,
    list_newest,
    write_yaml,
)
from templates.models import Template, TemplateVersion

NAME: Final = "templates_template_import"
DEEDS: Final = {
    CREATED: _("a new template with a draft"),
    DRAFTED: _("a draft of its next version"),
    SAME: _("nothing: it says the same"),
}


class ImportForm(forms.Form):
    """Asks for the file, or its text."""

    file = forms.FileField(label=_("File"), required=False, widget=UnfoldAdminFileFieldWidget)
    text = forms.CharField(
        label=_("Text"), required=False, strip=False, max_length=LARGEST_BYTES,
        widget=UnfoldAdminTextareaWidget({"rows": 12, "class": "hub-code"}),
    )  # fmt: skip
    sure = forms.BooleanField(
        label=_("Make the drafts"), required=False, widget=UnfoldBooleanWidget,
        help_text=_("Left open, what would happen is shown and nothing is written."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Return the text of what was sent, or raise."""
        said = super().clean() or {}
        file = said.get("file")
        if file and file.size > LARGEST_BYTES:
            raise forms.ValidationError(_("The file is too large."))
        try:
            text = file.read().decode() if file else said.get("text", "")
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_("The file is no text in UTF-8.")) from error
        if not text.strip() and not self.errors:
            raise forms.ValidationError(_("Choose a file, or paste its text."))
        return said | {"text": text}


class ExchangePage(HubAdmin):
    """The part of the templates' pages that writes and reads files."""

    def get_urls(self) -> list[Any]:
        """Add the address of the page, before that of a template of this name."""
        view = self.admin_site.admin_view(self.import_page)
        return [path("import/", view, name=NAME), *super().get_urls()]

    def has_export_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who may read versions."""
        return bool(request.user.has_perm("templates.view_templateversion"))

    def has_import_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who may begin templates and write drafts."""
        rights = ("templates.add_template", "templates.change_templateversion")
        return all(map(request.user.has_perm, rights))

    @action(description=_("Export as YAML"), permissions=["export"], icon="download")
    def export_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer the newest version of a template as a file."""
        template = self.find_object(request, object_id)
        return as_file(list_newest([template.code]), template.code)

    @action(description=_("Export all as YAML"), permissions=["export"], icon="download")
    def export_all(self, request: HttpRequest) -> HttpResponse:
        """Answer the newest version of each template as a file."""
        return as_file(list_newest(), "templates")

    @action(description=_("Import"), permissions=["import"], icon="upload")
    def import_file(self, request: HttpRequest) -> HttpResponse:
        """Go to the page that reads a file."""
        return HttpResponseRedirect(reverse(f"admin:{NAME}"))

    def import_page(self, request: HttpRequest) -> HttpResponse:
        """Ask for a file, show what it would bring, then make its drafts."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None)
        back, done = reverse("admin:templates_template_changelist"), None
        if form.is_valid():
            is_sure = form.cleaned_data["sure"]
            try:
                done = import_yaml(form.cleaned_data["text"], dry_run=not is_sure)
            except InvalidRequest as refusal:
                for line in word_lines(refusal):
                    form.add_error(None, line)
        if done is not None and form.cleaned_data["sure"]:
            drafted = [one.code for one in done if one.deed != SAME]
            for template in Template.objects.filter(code__in=drafted):
                self.log_change(request, template, gettext("Imported a draft."))
            text = gettext("%(number)s templates were read. Nothing is published.")
            messages.success(request, text % {"number": len(done)})
            return HttpResponseRedirect(back)
        if done is not None:
            # What was looked at is what is read: the file itself does not come along a second time.
            form = ImportForm(initial={"text": form.cleaned_data["text"]})
        question = Question(
            title=gettext("Import templates"),
            intro=gettext("Each becomes a draft; nothing is published, and all are read or none."),
            form=form,
            submit=gettext("Go on"),
            back=back,
            sections=((gettext("What it would bring"), told_table(done)),) if done else (),
        )
        return ask(self, request, question)


def told_table(done: list[Imported]) -> SafeString:
    """Return what a file would bring: a row for each template, with what keeps its draft from being published."""
    rows = [
        [
            one.code,
            DEEDS[one.deed],
            "; ".join(word_mistakes(VersionNotPublishable(errors=one.mistakes))) or "–",
        ]
        for one in done
    ]
    return table([_("template"), _("what happens"), _("to be mended")], rows)


def as_file(versions: list[TemplateVersion], name: str) -> HttpResponse:
    """Return versions as a file to be kept."""
    attached = content_disposition_header(as_attachment=True, filename=f"{name}.yaml")
    headers = {"Content-Disposition": attached or "", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(
        write_yaml(versions), content_type="application/yaml; charset=utf-8", headers=headers
    )
