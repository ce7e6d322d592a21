"""Pages of terms: what prompts are refused for, and what is never refused."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from generation.models import Finding, Term
from generation.moderation.terms import key_of
from genhub.admin.base import HubAdmin


class TermForm(forms.ModelForm):  # type: ignore[type-arg]
    """A term that can be found in a text."""

    def clean_text(self) -> str:
        """Refuse what leaves nothing to look for once it is read as prompts are."""
        text = str(self.cleaned_data["text"]).strip()
        if not key_of(text, Term.Kind.WORD):
            raise ValidationError(_("A term has letters or digits."))
        return text


@admin.register(Term)
class TermAdmin(HubAdmin):
    """Terms, and how often each was found in the prompts that are kept."""

    form = TermForm
    list_display = ("text", "kind", "language", "category", "found", "is_active")
    list_editable = ("is_active",)
    list_filter = ("kind", "language", "category", "is_active")
    search_fields = ("text",)
    fields = ("text", "kind", ("language", "category"), "is_active")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Term]:
        """Return the terms, each with how often it was found."""
        rows: QuerySet[Term] = super().get_queryset(request)
        of_term = Finding.objects.filter(term=OuterRef("pk")).order_by().values("term")
        hits = Subquery(
            of_term.annotate(count=Count("pk")).values("count"), output_field=IntegerField()
        )
        return rows.annotate(hits=Coalesce(hits, 0))

    @display(description=_("found"), ordering="hits")
    def found(self, term: Any) -> int:
        """Show how often it was found."""
        return int(term.hits)
