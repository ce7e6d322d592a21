"""Every read of recipes and styles."""

import uuid
from collections.abc import Collection, Iterable

from django.db.models import Q, QuerySet

from genhub.lib.once import once
from genhub.lib.remembered import Remembered, Table
from genhub.platforms.models import Platform
from templates.models import Phrase, Style, Template, TemplateVersion
from templates.rendering import Look, Recipe


@once
def find_recipe(code: str, platform_id: uuid.UUID) -> Recipe | None:
    """Return the published version of an active template that a platform may order, or None."""
    rows = list_versions().filter(template__code=code)
    return next(iter(only_open(map(as_recipe, rows), platform_id)), None)


def list_recipes(platform_id: uuid.UUID | None = None) -> list[Recipe]:
    """Return every recipe that a platform may order, or that anybody may, by code."""
    recipes = list(map(as_recipe, list_versions()))
    return recipes if platform_id is None else only_open(recipes, platform_id)


def only_open(recipes: Iterable[Recipe], platform_id: uuid.UUID) -> list[Recipe]:
    """Return those that a platform may order."""
    recipes = list(recipes)
    if not any(recipe.platforms for recipe in recipes):
        return recipes
    code = Platform.objects.filter(pk=platform_id).values_list("code", flat=True).first()
    return [recipe for recipe in recipes if not recipe.platforms or code in recipe.platforms]


def list_versions() -> QuerySet[TemplateVersion]:
    """Return the published versions of active templates."""
    published = Template.objects.filter(is_active=True, published__isnull=False)
    return (
        TemplateVersion.objects.filter(pk__in=published.values("published"))
        .select_related("template")
        .order_by("template__code")
    )


def find_version(version_id: uuid.UUID) -> TemplateVersion | None:
    """Return a version, published or not, with its template and what is ordered of it now."""
    rows = TemplateVersion.objects.select_related("template__published__template")
    return rows.filter(pk=version_id).first()


def as_recipe(row: TemplateVersion) -> Recipe:
    """Return a version's row as a value."""
    return Recipe(
        version_id=row.pk,
        code=row.template.code,
        name=row.name,
        number=row.number,
        category=row.category,
        media_type=row.media_type,
        prompt=row.prompt,
        negative_prompt=row.negative_prompt,
        parameters=row.parameters,
        required=row.required,
        settings=row.settings,
        operations=row.operations,
        price=row.price,
        local_only=row.template.local_only,
        caches=row.caches,
        chain=row.chain,
        moderation=row.moderation,
        platforms=row.platforms,
    )


def search_templates(text: str) -> QuerySet[Template]:
    """Return the templates with this text in their code, or in the name of a version."""
    named = Q(code__icontains=text) | Q(versions__name__icontains=text)
    return Template.objects.filter(named).distinct().order_by("code")


def list_template_codes() -> list[str]:
    """Return the codes of all templates, in their order."""
    return list(Template.objects.order_by("code").values_list("code", flat=True))


def find_look(code: str) -> Look | None:
    """Return an active style, or None."""
    return LOOKS.get().get(code)


def read_looks() -> dict[str, Look]:
    """Return the active styles by code."""
    return {row.code: as_look(row) for row in list_styles()}


def as_look(row: Style) -> Look:
    """Return a style's row as a value."""
    return Look(
        row.code, row.suffix_en, row.suffix_zh, row.negative_prompt, row.settings, row.references
    )


LOOKS = Remembered(read_looks, [Table(Style)])


def find_style(style_id: int) -> Style | None:
    """Return a style, active or not."""
    return Style.objects.filter(pk=style_id).first()


def list_references() -> list[str]:
    """Return the artifact ids of the reference pictures of all styles, active or not."""
    lists = Style.objects.exclude(references=[]).values_list("references", flat=True)
    return [wire_id for references in lists for wire_id in references]


def list_styles(codes: Collection[str] = ()) -> QuerySet[Style]:
    """Return the active styles, or of these codes alone, in the order that staff gave them."""
    rows = Style.objects.filter(is_active=True)
    return rows.filter(code__in=codes) if codes else rows


def list_style_choices() -> list[tuple[str, str]]:
    """Return every style's code and how a form offers it; one that is not active may be chosen before it is."""
    return [(row.code, f"{row} ({row.code})") for row in Style.objects.all()]


def list_phrases() -> QuerySet[Phrase]:
    """Return the active phrases by purpose, in the order that staff gave them."""
    return Phrase.objects.filter(is_active=True)
