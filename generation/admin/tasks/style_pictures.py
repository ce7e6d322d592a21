"""Reference pictures of a style: shown on its page, and the page that takes, arranges and removes them."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import formset_factory
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldBooleanWidget

from generation.admin.fine_tuning.pictures import problem_words
from generation.admin.fine_tuning.shown import show_pictures
from generation.admin.tasks.doubt_form import FilesField, FilesInput
from generation.admin.words import Picture
from generation.orders.style_pictures import add_reference, arrange, to_id
from genhub.admin.base import HubAdmin
from genhub.admin.pages import show
from genhub.lib.errors import Problem, gettext_noop
from genhub.lib.limits import MOST_REFERENCES
from templates.selectors import find_style

NAME: Final = "generation_style_pictures"
RIGHTS: Final = ("templates.change_style",)
LEAD: Final = gettext_noop(
    "Models that take reference pictures are sent these with every order that wears the style, after the order's own and as far as they have room; other models draw by its words alone. %(most)s at most. They leave the house with orders that do."
)


class SentForm(forms.Form):
    """Asks for pictures."""

    sent = FilesField(
        label=_("Pictures"),
        widget=FilesInput(attrs={"multiple": True, "accept": "image/*,.heic,.avif"}),
        help_text=_("PNG, JPEG, WebP, AVIF or HEIC; several at once. Metadata go, and large pictures are shrunk."),
    )  # fmt: skip


class PlaceForm(forms.Form):
    """Asks where a picture stands, and whether it stays."""

    picture = forms.CharField(widget=forms.HiddenInput)
    place = forms.IntegerField(
        label=_("Place"), min_value=1, max_value=99, widget=UnfoldAdminIntegerFieldWidget
    )
    goes = forms.BooleanField(label=_("Remove it"), required=False, widget=UnfoldBooleanWidget)


Places = formset_factory(PlaceForm, extra=0, max_num=MOST_REFERENCES)


class StylePicturesPage(HubAdmin):
    """The part of the tasks' pages that keeps a style's reference pictures."""

    def get_urls(self) -> list[Any]:
        """Add the address of the page, before that of a task of this name."""
        view = self.admin_site.admin_view(self.pictures_page)
        return [path("style-pictures/<int:style_id>/", view, name=NAME), *super().get_urls()]

    def pictures_page(self, request: HttpRequest, style_id: int) -> HttpResponse:
        """Show the pictures of a style, take what is sent, put them into the order that is asked for."""
        if not all(map(request.user.has_perm, RIGHTS)):
            raise PermissionDenied
        style = find_style(style_id)
        if style is None:
            raise Http404
        form, places = SentForm(), Places(initial=list_places(style))
        if request.method == "POST" and "add" in request.POST:
            form = SentForm(request.POST, request.FILES)
            if form.is_valid() and self.take_sent(request, style, form):
                return HttpResponseRedirect(request.get_full_path())
        elif request.method == "POST":
            places = Places(request.POST, initial=list_places(style))
            if places.is_valid():
                self.arrange(request, style, places)
                return HttpResponseRedirect(request.get_full_path())
        found = find_shown(style)
        words = {
            "title": gettext("Reference pictures of %(style)s") % {"style": style},
            "original": style,
            "form": form,
            "formset": places,
            "save": gettext("Save"),
            "cells": [(one, found.get(str(one["picture"].value()))) for one in places.forms],
            "lead": gettext(LEAD) % {"most": MOST_REFERENCES},
            "back": reverse("admin:templates_style_change", args=[style.pk]),
        }
        return show(self, request, "admin/generation/kept_pictures.html", **words)

    def take_sent(self, request: HttpRequest, style: Any, form: SentForm) -> bool:
        """Give a style the pictures that were sent; say what is not taken at the form, and return whether all were."""
        taken = 0
        for file in form.cleaned_data["sent"]:
            try:
                add_reference(style.pk, file.read(), str(file.content_type or ""))
                taken += 1
            except Problem as problem:
                form.add_error("sent", f"{file.name}: {problem_words(problem)}")
        if taken:
            told = ngettext(
                "%(count)s reference picture was added.", "%(count)s reference pictures were added.", taken
            ) % {"count": taken}  # fmt: skip
            self.log_change(request, style, told)
            messages.success(request, told)
        return form.is_valid()

    def arrange(self, request: HttpRequest, style: Any, places: Any) -> None:
        """Put pictures where their forms say, and take those out that go."""
        said = sorted(places.cleaned_data, key=lambda one: one["place"])
        going = {one["picture"] for one in said if one["goes"]}
        if not arrange(style.pk, [one["picture"] for one in said], going):
            messages.info(request, gettext("Nothing was changed."))
            return
        told = gettext("Reference pictures were put in order, %(gone)s removed.") % {"gone": len(going)}  # fmt: skip
        self.log_change(request, style, told)
        messages.success(request, told)


def list_places(style: Any) -> list[dict[str, Any]]:
    """Return what the forms of a style's pictures hold."""
    return [
        {"picture": wire_id, "place": place} for place, wire_id in enumerate(style.references, 1)
    ]


def find_shown(style: Any) -> dict[str, Picture]:
    """Return the pictures of a style that are there, by their ids."""
    pictures = show_pictures(map(to_id, style.references))
    hexes = {wire_id: to_id(wire_id).hex for wire_id in style.references}
    return {name: pictures[digits] for name, digits in hexes.items() if digits in pictures}


def show_references(style: Any, *, brings_dialog: bool) -> SafeString | str:
    """Return a style's pictures as its page shows them, with the dialog that shows one in large where nothing else on
    the page brings it along; empty where it has none."""
    if not style.references:
        return ""
    found = find_shown(style)
    pictures = [found.get(wire_id) for wire_id in style.references]
    words = {"pictures": pictures, "brings_dialog": brings_dialog}
    return render_to_string("admin/generation/references.html", words)
