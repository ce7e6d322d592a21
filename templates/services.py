"""Every change to recipes: draft, publish, seed."""

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.db.models import OuterRef
from django.db.models.functions import Now

from genhub.lib.errors import FieldError, SeenChanged, gettext_noop
from genhub.lib.once import once
from genhub.lib.seen import changed_since, mark
from genhub.platforms.models import Platform
from templates.chains import find_chain_mistakes
from templates.errors import VersionNotPublishable
from templates.examples import EXAMPLES
from templates.mistakes import find_recipe_mistakes
from templates.models import Phrase, Style, Template, TemplateVersion
from templates.phrases import PHRASES
from templates.selectors import as_look, as_recipe
from templates.styles import STYLES
from templates.trials import try_recipe

COPIED = (
    "name",
    "category",
    "media_type",
    "prompt",
    "negative_prompt",
    "price",
    "caches",
    "moderation",
)
JSON_WORDS = ("parameters", "required", "settings", "operations", "chain", "platforms")
CHANGED = gettext_noop("Somebody changed this since you looked.")
NO_PLATFORM = gettext_noop("There is no platform “%(code)s”.")


def create_template(code: str, *, local_only: bool = False, **words: Any) -> TemplateVersion:
    """Create a template with its first draft."""
    with transaction.atomic():
        template = Template.objects.create(code=code, local_only=local_only)
        return TemplateVersion.objects.create(template=template, number=1, **words)


def draft_next(template: Template) -> TemplateVersion:
    """Return the template's draft, made from its newest version when there is none."""
    with transaction.atomic():
        Template.objects.select_for_update().get(pk=template.pk)
        newest = template.versions.order_by("-number").first()
        if newest is None:
            return TemplateVersion.objects.create(template=template, number=1, name=template.code)
        if newest.published_at is None:
            return newest
        copied = {name: getattr(newest, name) for name in (*COPIED, *JSON_WORDS)}
        return TemplateVersion.objects.create(template=template, number=newest.number + 1, **copied)


def publish(version: TemplateVersion, *, actor: str, seen: str | None = None) -> None:
    """Make a version the one that new orders run, exactly as it was seen.

    `seen` is the mark of what a page showed (`mark_of`); without it, what the caller holds in `version` counts. Raises
    SeenChanged naming what is another by now, and VersionNotPublishable naming each mistake. A published version that
    is published again becomes current again: that is how staff go back.
    """
    with transaction.atomic():
        # Whoever writes a draft locks it too, so nothing changes between the look and the deed.
        template = Template.objects.select_for_update().get(pk=version.template_id)
        row = TemplateVersion.objects.select_for_update().get(pk=version.pk)
        row.template = template
        if seen is None:
            changed = changed_since(mark(words_of(version)), words_of(row))
        else:
            changed = changed_since(seen, shown_of(row))
        if changed:
            raise SeenChanged(errors=[FieldError(name, "changed", CHANGED) for name in changed])
        if mistakes := find_mistakes(row):
            raise VersionNotPublishable(errors=mistakes)
        put_in_force([row], actor)


def put_in_force(versions: Sequence[TemplateVersion], actor: str) -> None:
    """Write that versions are published, and each the one that new orders of its template run."""
    rows = TemplateVersion.objects.filter(pk__in=[version.pk for version in versions])
    rows.filter(published_at=None).update(published_at=Now(), published_by=actor)
    of_template = rows.filter(template=OuterRef("pk")).values("pk")[:1]
    Template.objects.filter(versions__in=versions).update(published=of_template)


def words_of(version: TemplateVersion) -> dict[str, Any]:
    """Return everything of a version that an order may feel."""
    return {name: getattr(version, name) for name in (*COPIED, *JSON_WORDS)}


def shown_of(version: TemplateVersion) -> dict[str, Any]:
    """Return what a person decides by who is asked to publish: the version, and which one is ordered meanwhile."""
    return words_of(version) | {"published": version.template.published_id}


def mark_of(version: TemplateVersion) -> str:
    """Return the mark of what a page shows of a version before it is published."""
    return mark(shown_of(version))


def find_mistakes(version: TemplateVersion) -> list[FieldError]:
    """Return what would make orders of this version fail, at the fields of the version."""
    recipe = as_recipe(version)
    mistakes = find_recipe_mistakes(recipe) or list(find_chain_mistakes(recipe))
    return mistakes or find_unknown_platforms(recipe.platforms) or try_recipe(recipe).mistakes


def find_unknown_platforms(codes: Collection[str]) -> list[FieldError]:
    """Return which of those that may order a recipe do not exist; the house has its own way to order."""
    known = list_codes() if codes else set()
    return [
        FieldError("platforms", "unknown", NO_PLATFORM, {"code": code})
        for code in codes
        if code not in known
    ]


@once
def list_codes() -> Collection[str]:
    """Return the codes of all apps' platforms."""
    return set(Platform.objects.filter(is_house=False).values_list("code", flat=True))


def keep_sheet(style: Style, task_ids: Sequence[uuid.UUID]) -> None:
    """Let these tasks show a style, of the standard prompts in their order."""
    sheet = {"tasks": list(map(str, task_ids)), "of": mark_of_look(style)}
    Style.objects.filter(pk=style.pk).update(sheet=sheet)


def mark_of_look(style: Style) -> str:
    """Return the mark of everything of a style that its pictures feel."""
    words = vars(as_look(style))
    # Sheets of earlier releases were marked without them.
    return mark({name: word for name, word in words.items() if name != "references" or word})


def lock_references(style_id: int) -> list[str]:
    """Return the reference pictures of a style, which nobody else changes until the transaction ends."""
    return list(Style.objects.select_for_update().get(pk=style_id).references)


def set_references(style_id: int, references: Sequence[str]) -> None:
    """Let a style look like these pictures, in their order."""
    Style.objects.filter(pk=style_id).update(references=list(references))


def seed_styles() -> int:
    """Create the first styles where they are missing, leave staff's changes alone; return how many were made."""
    there = set(Style.objects.values_list("code", flat=True))
    rows = [
        Style(code=code, position=position, **words)
        for position, (code, words) in enumerate(STYLES.items())
        if code not in there
    ]
    return len(Style.objects.bulk_create(rows, ignore_conflicts=True))


def seed_phrases() -> int:
    """Create the first phrases where there are none, and return how many: what staff worded anew does not come back."""
    if Phrase.objects.exists():
        return 0
    rows = [
        Phrase(purpose=purpose, text_en=english, text_zh=chinese, position=position)
        for purpose, texts in PHRASES.items()
        for position, (english, chinese) in enumerate(texts)
    ]
    return len(Phrase.objects.bulk_create(rows))


def seed_examples() -> None:
    """Create the example templates where they are missing; no order is tried, since models may come later."""
    there = set(Template.objects.values_list("code", flat=True))
    with transaction.atomic():
        templates = [Template(code=code) for code in EXAMPLES if code not in there]
        Template.objects.bulk_create(templates)
        versions = [
            TemplateVersion(template=template, number=1, **EXAMPLES[template.code])
            for template in templates
        ]
        put_in_force(TemplateVersion.objects.bulk_create(versions), "system")
