"""The question before a version becomes the one that is ordered: all that orders will feel, and a sample order."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext

from genhub.admin.forms import write_json
from genhub.admin.pages import Question, word, word_fields
from genhub.lib.errors import Problem, SeenChanged
from templates.admin.words import word_operations, word_platforms, word_price
from templates.models import TemplateVersion
from templates.selectors import as_recipe
from templates.services import mark_of
from templates.trials import Trial, try_recipe


def ask_publish(version: TemplateVersion, problem: Problem) -> Question:
    """Return the question; what was refused stands above its button, or in place of it."""
    is_stale = isinstance(problem, SeenChanged)
    mistakes = tuple(word_mistakes(problem))
    if version.published_at:
        title, submit = gettext("Order %(version)s again?"), gettext("Make it current again")
        intro = gettext(
            "New orders run this version again. Tasks that were ordered before keep theirs."
        )
    else:
        title, submit = gettext("Publish %(version)s?"), gettext("Publish")
        intro = gettext(
            "A published version never changes. New orders run it from now on; tasks keep theirs."
        )
    if mistakes:
        intro = word(problem) if is_stale else gettext("Mend these first, then publish.")
    can_publish = is_stale or not mistakes
    return Question(
        title=title % {"version": version},
        intro=intro,
        submit=submit if can_publish else "",
        facts=facts_of(version, {} if mistakes else word_trial(try_recipe(as_recipe(version)))),
        mistakes=mistakes,
        seen=mark_of(version) if can_publish else "",
        back=reverse("admin:templates_templateversion_change", args=[version.pk]),
    )


def facts_of(version: TemplateVersion, trial: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything of a version that orders will feel, and what became of a sample order."""
    current = version.template.published
    nothing = gettext("nothing: not published yet")
    return {
        gettext("Ordered now"): f"v{current.number}" if current else nothing,
        gettext("From now on"): f"v{version.number}",
        gettext("What changed"): version.note or "–",
        gettext("Name"): version.name,
        gettext("Category"): version.category or "–",
        gettext("Media type"): version.get_media_type_display(),
        gettext("Prompt"): version.prompt,
        gettext("Negative prompt"): version.negative_prompt or gettext("the model's own"),
        gettext("Parameters"): show_json(version.parameters),
        gettext("Required parameters"): ", ".join(map(str, version.required)) or "–",
        gettext("Settings"): show_json(version.settings),
        gettext("Further steps"): show_json(version.chain),
        gettext("Edits of each picture"): word_operations(version.operations),
        gettext("Price of one picture"): word_price(version),
        gettext("Moderation"): version.get_moderation_display(),
        gettext("Who may order it"): word_platforms(version),
        **trial,
    }


def show_json(value: Any) -> SafeString | str:
    """Return JSON as it was typed, or a dash for nothing."""
    return format_html('<pre class="hub-code">{}</pre>', write_json(value)) if value else "–"


def word_trial(trial: Trial) -> dict[str, SafeString | str]:
    """Return what a sample order would make and cost, in words."""
    made = gettext(
        "%(number)s × %(width)s×%(height)s by %(model)s in %(steps)s steps, %(price)s credits: %(prompt)s"
    )
    told: dict[str, SafeString | str] = {gettext("A sample order"): made % vars(trial)}
    for number, step in enumerate(trial.chain, 1):
        name = gettext("Step %(number)s") % {"number": number}
        told[name] = gettext("%(made)s credits") % {"made": step}
    if trial.edited:
        data = base64.b64encode(trial.edited).decode()
        shown = format_html('<img src="data:image/jpeg;base64,{}" alt="">', data)
        told[gettext("Its edits, on grey")] = shown
    return told


def word_mistakes(problem: Problem) -> Iterator[str]:
    """Yield each mistake of a refusal after the label of its field."""
    fields = {field.name: field for field in TemplateVersion._meta.get_fields()}  # noqa: SLF001 (labels are nowhere else)
    for name, messages in word_fields(problem).items():
        label: Any = getattr(fields.get(name), "verbose_name", gettext("ordered now"))
        yield from (f"{capfirst(str(label))}: {message}" for message in messages)
