"""The admin's own pages: a question with facts, perhaps a form, and one button that posts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from unfold.admin import ModelAdmin

from genhub.api.problems import problem_body
from genhub.lib.errors import Problem

# How often a page that shows work looks again.
LOOK_SECONDS = 2

# The hidden field that carries the mark of what a page showed.
SEEN = "seen"


@dataclass(frozen=True)
class Question:
    """A page that asks before something happens. Without `submit` there is nothing to do but to go back."""

    title: str
    intro: str
    back: str
    submit: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    form: forms.BaseForm | None = None
    pictures: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    # Titles and contents below the question: what an answer to it brought.
    sections: tuple[tuple[str, SafeString], ...] = ()
    is_dangerous: bool = False
    # Further buttons of the form, as HTML.
    choices: str = ""
    # The mark of what is shown, for a page without a form: what is done is what was seen.
    seen: str = ""


def ask(
    admin: ModelAdmin,
    request: HttpRequest,
    question: Question,
    *,
    about: Model | None = None,
    template: str = "admin/hub/question.html",
) -> TemplateResponse:
    """Show a question, by a template that extends the usual one; its form posts to the same address."""
    words = {"title": question.title, "question": question, "original": about}
    return show(admin, request, template, **words)


def show(admin: ModelAdmin, request: HttpRequest, template: str, **words: Any) -> TemplateResponse:
    """Show a page inside the admin's frame."""
    request.current_app = admin.admin_site.name
    frame = {**admin.admin_site.each_context(request), "opts": admin.opts}
    return TemplateResponse(request, template, frame | words)


def look_again(request: HttpRequest, answer: Any) -> Any:
    """Have a page that shows work be read anew while it is looked at; return it."""
    if request.method == "GET":
        # A header, since the content policy forbids inline scripts.
        answer["Refresh"] = str(LOOK_SECONDS)
    return answer


def word(problem: Problem) -> str:
    """Return a refusal in the reader's language, in one line."""
    body = problem_body(problem)
    return gettext("%(title)s: %(detail)s") % {"title": body["title"], "detail": body["detail"]}


def word_whole(problem: Problem) -> str:
    """Return a refusal in the reader's language, in one line: what is wrong with each field, where it says that."""
    return "; ".join(word_lines(problem)) or word(problem)


def word_lines(problem: Problem) -> list[str]:
    """Return what is wrong with each field of a refusal in the reader's language, a line each."""
    return [f"{name}: {' '.join(told)}" for name, told in word_fields(problem).items()]


def word_fields(problem: Problem) -> dict[str, list[str]]:
    """Return what is wrong with each field of a refusal, in the reader's language."""
    found: dict[str, list[str]] = {}
    for error in problem_body(problem)["errors"]:
        found.setdefault(error["field"], []).append(error["message"])
    return found


def without_action(actions: list[Any], name: str) -> list[Any]:
    """Return a page's actions but for the one of this method's name."""
    return [act for act in actions if getattr(act.method, "__name__", "") != name]


def on_this_site(link: str) -> str:
    """Return a signed link without our own origin: pictures then show under whatever name staff opened the admin."""
    return link.removeprefix(settings.PUBLIC_URL)
