"""The pages that put pictures into a training set, caption them and take them out."""

from collections.abc import Iterator
from typing import Any, BinaryIO, Final, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms import modelformset_factory
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from generation.admin.fine_tuning.forms import CaptionForm, PicturesForm
from generation.admin.fine_tuning.shown import show_pictures
from generation.fine_tuning import sets
from generation.fine_tuning.archives import unpack
from generation.models import TrainingPicture, TrainingSet
from genhub.admin.base import HubAdmin
from genhub.admin.pages import show, word_lines, word_whole
from genhub.lib.errors import Problem

NAME: Final = "generation_trainingset_pictures"
# On one page: each is a form of its own.
PAGE: Final = 24
# Taken at once: each is decoded by a program of its own, and somebody waits.
MOST_AT_ONCE: Final = 100
ZIP: Final = ".zip"
Captions = modelformset_factory(TrainingPicture, form=CaptionForm, extra=0)


class PicturePages(HubAdmin):
    """The part of the training sets' pages that is about pictures."""

    def get_urls(self) -> list[Any]:
        """Add the address of a set's pictures."""
        view = self.admin_site.admin_view(self.pictures_page)
        return [path("<int:set_id>/pictures/", view, name=NAME), *super().get_urls()]

    def has_edit_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who may change sets."""
        return bool(self.has_change_permission(request))

    def page_of(self, row: TrainingSet) -> str:
        """Return the address of a set."""
        return reverse("admin:generation_trainingset_change", args=[row.pk])

    @action(
        description=_("Pictures and captions"), permissions=["edit"], icon="add_photo_alternate"
    )
    def edit_pictures(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page of a set's pictures."""
        return HttpResponseRedirect(reverse(f"admin:{NAME}", args=[object_id]))

    def pictures_page(self, request: HttpRequest, set_id: int) -> HttpResponse:
        """Show a set's pictures with their captions, take what is sent, write what is changed."""
        row = self.find_object(request, str(set_id))
        if not self.has_edit_permission(request):
            raise PermissionDenied
        page = Paginator(row.pictures.order_by("id"), PAGE).get_page(request.GET.get("page"))
        rows = cast("QuerySet[TrainingPicture]", page.object_list)
        form, captions = PicturesForm(), Captions(queryset=rows)
        if request.method == "POST" and "add" in request.POST:
            form = PicturesForm(request.POST, request.FILES)
            if form.is_valid() and self.take(request, row, form):
                return HttpResponseRedirect(request.get_full_path())
        elif request.method == "POST":
            captions = Captions(request.POST, queryset=rows)
            if captions.is_valid() and self.write(request, row, captions):
                return HttpResponseRedirect(request.get_full_path())
        shown = show_pictures(one.artifact_id for one in rows)
        words = {
            "title": gettext("Pictures of %(set)s") % {"set": row},
            "original": row,
            "form": form,
            "formset": captions,
            "save": gettext("Save captions"),
            "cells": [(one, shown.get(one.instance.artifact_id.hex)) for one in captions.forms],
            "page": page,
            "back": self.page_of(row),
        }
        return show(self, request, "admin/generation/kept_pictures.html", **words)

    def take(self, request: HttpRequest, row: TrainingSet, form: PicturesForm) -> bool:
        """Put what was sent into a set; say what is not taken at the form, and return whether all of it was."""
        taken = 0
        for file in form.cleaned_data["sent"]:
            try:
                for name, data, media_type, caption in list_sent(file):
                    if taken >= MOST_AT_ONCE:
                        told = gettext("The first %(limit)s were taken. Send the others again.")
                        form.add_error("sent", told % {"limit": MOST_AT_ONCE})
                        break
                    try:
                        sets.add_picture(row.pk, data, media_type, caption)
                        taken += 1
                    except Problem as problem:
                        form.add_error("sent", f"{name}: {problem_words(problem)}")
            except Problem as problem:
                form.add_error("sent", f"{file.name}: {problem_words(problem)}")
        if taken:
            told = ngettext(
                "%(count)s picture was added.", "%(count)s pictures were added.", taken
            ) % {"count": taken}
            self.log_change(request, row, told)
            messages.success(request, told)
        return form.is_valid()

    def write(self, request: HttpRequest, row: TrainingSet, captions: Any) -> bool:
        """Write captions and take pictures out; say what stands in the way, and return whether nothing did."""
        going = {one.instance.pk for one in captions.forms if one.cleaned_data.get("goes")}
        words = {
            one.instance.pk: one.cleaned_data["caption"]
            for one in captions.forms
            if one.instance.pk not in going
        }
        try:
            gone = sets.remove_pictures(row.pk, going) if going else 0
            changed = sets.write_captions(row.pk, words)
        except Problem as problem:
            messages.error(request, word_whole(problem))
            return False
        told = gettext("%(changed)s captions were written, %(gone)s pictures removed.")
        told %= {"changed": changed, "gone": gone}
        if gone or changed:
            self.log_change(request, row, told)
        messages.success(request, told)
        return True


def list_sent(file: "UploadedFile[Any]") -> Iterator[tuple[str, bytes, str, str]]:
    """Yield each picture of a file: its name, its bytes, the type that was said of it, and its caption."""
    name = str(file.name)
    if name.lower().endswith(ZIP):
        for packed in unpack(cast("BinaryIO", file.file)):
            yield packed.name, packed.data, "", packed.caption
    else:
        yield name, file.read(), str(file.content_type or ""), ""


def problem_words(problem: Problem) -> str:
    """Return a refusal without the name of its field: the file's stands before it."""
    lines = word_lines(problem)
    return "; ".join(line.partition(": ")[2] for line in lines) or word_whole(problem)
