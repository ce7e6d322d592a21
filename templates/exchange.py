"""Templates as a file of text: written out with a checksum, and read back as drafts. Nothing is published by a file."""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from django.core.exceptions import ValidationError
from django.db import transaction

from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop
from templates.mistakes import is_too_large
from templates.models import Template, TemplateVersion
from templates.services import (
    COPIED,
    JSON_WORDS,
    create_template,
    draft_next,
    find_mistakes,
    words_of,
)

FORMAT: Final = 1
LARGEST_BYTES: Final = 500_000
MOST_TEMPLATES: Final = 500
# Of the template itself, whichever version of it is in force.
LOCAL_ONLY: Final = "local_only"
WORDS: Final = (*COPIED, *JSON_WORDS, LOCAL_ONLY)
# Words that came later: a file leaves them out where they say nothing, as files of earlier releases do.
LATER: Final[Mapping[str, Any]] = {"moderation": "", "platforms": [], LOCAL_ONLY: False}
SHAPES: Final[Mapping[str, tuple[type, ...]]] = {
    **dict.fromkeys(
        ("name", "category", "media_type", "prompt", "negative_prompt", "moderation"), (str,)
    ),
    "price": (int, type(None)),
    **dict.fromkeys(("caches", LOCAL_ONLY), (bool,)),
    "parameters": (dict,),
    "settings": (dict,),
    **dict.fromkeys(("required", "operations", "chain", "platforms"), (list,)),
}
NOT_YAML = gettext_noop("This is no such file: %(reason)s")
TOO_LARGE = gettext_noop("A file may have at most %(most)s bytes.")
ALIASED = gettext_noop("References (& and *) are not taken.")
NO_FORMAT = gettext_noop("It does not say its format: genhub_templates: 1.")
NEWER = gettext_noop("It has format %(format)s, of a newer release; this one reads %(known)s.")
NO_LIST = gettext_noop("It lists 1 to %(most)s templates, each an object.")
TWICE = gettext_noop("The file holds this template twice.")
UNKNOWN_WORD = gettext_noop("This word is not known.")
MISSING = gettext_noop("This word is missing.")
WRONG_SHAPE = gettext_noop("It has the wrong type.")
NOT_STORED = gettext_noop("It holds a number or character that cannot be stored.")
BAD_SUM = gettext_noop(
    "Its checksum does not fit: the text was changed since it was written. If you changed it, take the checksum out."
)
GOES_ELSEWHERE = gettext_noop(
    "The template here and the one of the file do not stay in the house alike: set it on the template's page first. A file changes no template that takes orders."
)
HAS_DRAFT = gettext_noop(
    "There is a draft that says something else: publish it first, or its words would be lost."
)


# YAML reads these as a plain end of a line, or leaves them out.
ODD_ENDS: Final = re.compile("[\r\x85\u2028\u2029\ufeff]")


class _Loader(yaml.SafeLoader):
    """Plain values alone: no references, which could make a small file huge, and no dates, which JSON does not know."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse a reference, or what one could point to."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise InvalidRequest(errors=[FieldError("file", "aliased", ALIASED)])
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Dumper(yaml.SafeDumper):
    """Writes no references, and texts of several lines as people do."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write each value out."""
        return True


def represent_text(dumper: Any, text: str) -> Any:
    """Write a text of several lines as a block; one with other ends of a line in quotes, where they are kept."""
    style = '"' if ODD_ENDS.search(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, represent_text)


@dataclass(frozen=True)
class Imported:
    """What became of a template of a file; mistakes are what would keep its draft from being published."""

    code: str
    deed: str
    mistakes: list[FieldError] = field(default_factory=list)


CREATED, DRAFTED, SAME = "created", "drafted", "same"


def write_yaml(versions: Iterable[TemplateVersion]) -> str:
    """Return versions as YAML, each with the checksum of its words; a template's code stands once."""
    items = []
    for version in versions:
        # As JSON holds them: the choices of Django are texts of a kind of their own.
        words = json.loads(json.dumps(words_told(version)))
        code = version.template.code
        items.append({"code": code, "sha256": checksum(code, words), **list_said(words)})
    return yaml.dump(
        {"genhub_templates": FORMAT, "templates": items},
        Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=math.inf,
    )  # fmt: skip


def words_told(version: TemplateVersion) -> dict[str, Any]:
    """Return the words of a version, and those of its template that its orders feel."""
    return {**words_of(version), LOCAL_ONLY: version.template.local_only}


def checksum(code: str, words: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a template's words, in 64 hexadecimal digits; the order of names does not matter."""
    text = json.dumps({"code": code, **list_said(words)}, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def list_said(words: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template's words as a file says them."""
    return {name: value for name, value in words.items() if name not in LATER or value != LATER[name]}  # fmt: skip


def list_newest(codes: Iterable[str] = ()) -> list[TemplateVersion]:
    """Return the newest version of each template, or of these alone, by code."""
    rows = TemplateVersion.objects.select_related("template").order_by("template__code", "-number")
    chosen = list(codes)
    if chosen:
        rows = rows.filter(template__code__in=chosen)
    return list(rows.distinct("template__code"))


def import_yaml(text: str, *, dry_run: bool = False) -> list[Imported]:
    """Make a draft of each template of a file; all or none. Raises InvalidRequest naming what is wrong and where.

    With `dry_run` the same is answered, and nothing is written.
    """
    items = read_yaml(text)
    with transaction.atomic():
        done = [take(place, code, words) for place, (code, words) in enumerate(items)]
        transaction.set_rollback(dry_run)
    return done


def take(place: int, code: str, words: Mapping[str, Any]) -> Imported:
    """Make the draft of one template; a template whose newest version says the same is left alone."""
    words = dict(words)
    local_only = words.pop(LOCAL_ONLY)
    template = Template.objects.select_for_update().filter(code=code).first()
    if template is None:
        version, deed = create_template(code, local_only=local_only, **words), CREATED
    else:
        if template.local_only != local_only:
            raise refuse(f"templates[{place}].{LOCAL_ONLY}", "goes_elsewhere", GOES_ELSEWHERE)
        newest = template.versions.order_by("-number").first()
        if newest and words_of(newest) == words:
            return Imported(code, SAME)
        if newest and newest.published_at is None:
            raise refuse(f"templates[{place}].code", "has_draft", HAS_DRAFT)
        version, deed = draft_next(template), DRAFTED
        for name, value in words.items():
            setattr(version, name, value)
        version.save(update_fields=list(words))
    mistakes = find_mistakes(TemplateVersion.objects.get(pk=version.pk))
    # A model or style that is not here would make it another template: its staff decide that, not a file.
    lacking = [
        FieldError(f"templates[{place}].{error.field}", error.code, error.message, error.params)
        for error in mistakes
        if error.code == "unknown"
    ]
    if lacking:
        raise InvalidRequest(errors=lacking)
    return Imported(code, deed, mistakes)


def read_yaml(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the code and the words of each template of a file; raise InvalidRequest."""
    whole = parse(text)
    said = whole.get("genhub_templates") if isinstance(whole, dict) else None
    if type(said) is not int or said < 1:
        raise refuse("genhub_templates", "no_format", NO_FORMAT)
    if said > FORMAT:
        raise refuse("genhub_templates", "newer", NEWER, format=said, known=FORMAT)
    items = whole.get("templates")
    are_objects = isinstance(items, list) and all(isinstance(item, dict) for item in items)
    if not are_objects or not 1 <= len(items) <= MOST_TEMPLATES:
        raise refuse("templates", "no_list", NO_LIST, most=MOST_TEMPLATES)
    mistakes = [
        e for place, item in enumerate(items) for e in find_wrong(f"templates[{place}]", item)
    ]
    codes = [item.get("code") for item in items]
    mistakes += [
        FieldError(f"templates[{place}].code", "twice", TWICE)
        for place, code in enumerate(codes)
        if code in codes[:place]
    ]
    if mistakes:
        raise InvalidRequest(errors=mistakes)
    return [(item["code"], words_in(item)) for item in items]


def parse(text: str) -> Any:
    """Return the value of a file's text."""
    if len(text.encode(errors="replace")) > LARGEST_BYTES:
        raise refuse("file", "too_large", TOO_LARGE, most=LARGEST_BYTES)
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a safe loader that takes less)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        reason = " ".join(filter(None, [getattr(error, "problem", None) or "YAML", place]))
        raise refuse("file", "not_yaml", NOT_YAML, reason=reason) from error
    except (RecursionError, ValueError, TypeError) as error:
        raise refuse("file", "not_yaml", NOT_YAML, reason="YAML") from error


def find_wrong(place: str, item: Mapping[str, Any]) -> list[FieldError]:
    """Return what is wrong with one template of a file."""
    wrong = [
        FieldError(f"{place}.{str(name)[:100]}", "unknown", UNKNOWN_WORD)
        for name in item
        if name not in {"code", "sha256", *WORDS}
    ]
    needed = [name for name in WORDS if name not in LATER]
    wrong += [FieldError(f"{place}.{n}", "missing", MISSING) for n in needed if n not in item]
    for name, shapes in SHAPES.items():
        if name in item and type(item[name]) not in shapes:
            wrong.append(FieldError(f"{place}.{name}", "wrong_type", WRONG_SHAPE))
    code: Any = item.get("code")
    try:
        Template(code=code if isinstance(code, str) else "").clean_fields({"id", "published"})
    except ValidationError as error:
        wrong += word_invalid(place, error)
    if wrong:
        return wrong
    words = words_in(item)
    if any(is_too_large(words[name]) for name in JSON_WORDS) or not can_be_stored(words):
        return [FieldError(place, "not_stored", NOT_STORED)]
    if "sha256" in item and item["sha256"] != checksum(item["code"], words):
        return [FieldError(f"{place}.sha256", "bad_checksum", BAD_SUM)]
    own = {name: word for name, word in words.items() if name != LOCAL_ONLY}
    try:
        TemplateVersion(template=Template(code=code), number=1, **own).clean_fields(
            exclude=["template", "id"]
        )
    except ValidationError as error:
        return word_invalid(place, error)
    return []


def words_in(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words of a template of a file."""
    return {name: item[name] if name in item else LATER[name] for name in WORDS}


def word_invalid(place: str, error: ValidationError) -> list[FieldError]:
    """Return what a model says of its fields, at their places in the file."""
    said = error.message_dict.items()
    return [FieldError(f"{place}.{name}", "invalid", " ".join(told)) for name, told in said]


def can_be_stored(words: Mapping[str, Any]) -> bool:
    """Return whether PostgreSQL takes the values: names are texts, numbers finite; no NUL, no half a surrogate pair."""
    try:
        text = json.dumps(words, ensure_ascii=False, allow_nan=False)
        is_same = json.loads(text) == words
        text.encode()
    except (TypeError, ValueError):
        return False
    return is_same and "\\u0000" not in text


def refuse(name: str, code: str, message: str, **params: Any) -> InvalidRequest:
    """Return a refusal of the file at one place."""
    return InvalidRequest(errors=[FieldError(name, code, message, params)])
