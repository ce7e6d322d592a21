"""What a picture shows, in words for those who do not see it: made of what was ordered, by rules, until a vision model,
where staff configured one, has said it better.

A prompt's subject is what is left of it without phrases of quality and the words of its style. It stays in the language
in which it was written; the words around it are the reader's.
"""

import re
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from generation.models import Task
from genhub.lib.limits import LONGEST_ALT
from templates.phrases import PHRASES
from templates.styles import STYLES

if TYPE_CHECKING:
    from storage.models import Artifact

BETWEEN: Final = re.compile(r"[,，、;；\n]+")
CHINESE: Final = re.compile(r"[\u3400-\u9fff]")
WORD: Final = re.compile(r"[^\W\d_]")
# Words of the phrases and styles that every hub starts with: how something is drawn, not what. No
# read of a task asks the database for those that staff added.
MANNERS: Final = frozenset(
    part.strip().lower()
    for text in (
        *(text for pairs in PHRASES.values() for pair in pairs for text in pair),
        *(style[name] for style in STYLES.values() for name in ("suffix_en", "suffix_zh")),
    )
    for part in BETWEEN.split(text)
)


def describe_outputs(task: Task) -> dict[str, str]:
    """Return what answers say of each picture of a task that nobody described, in the language that is on."""
    return say(describe_alt(task))


def describe_picture(artifact: "Artifact", by_rules: dict[str, str]) -> dict[str, str]:
    """Return what answers say of a picture: what a vision model sees, else what is said of all of its task."""
    return say(artifact.alt) if artifact.alt else by_rules


def say(alt: str) -> dict[str, str]:
    """Return an alternative text with its caption, whose words around it are in the language that is on."""
    return {"alt": alt, "caption": _("%(alt)s (AI-generated)") % {"alt": alt}}


def describe_alt(task: Task) -> str:
    """Return what stands in for a task's pictures: the name of its template and the subject of its prompt."""
    subject = find_subject(task)
    version = task.template_version
    if version is None:
        return cut(subject or _("AI-generated picture"))
    return cut(_("%(name)s: %(subject)s") % {"name": version.name, "subject": subject} if subject else version.name)  # fmt: skip


def find_subject(task: Task) -> str:
    """Return a prompt without what says how well, or in which style, it is to be drawn; all of it where that is all."""
    prompt = str(task.spec.get("prompt") or "").strip()
    parts = [part.strip() for part in BETWEEN.split(prompt)]
    said = [part for part in parts if part and part.lower() not in MANNERS]
    return ("，" if CHINESE.search(prompt) else ", ").join(said) or prompt


def language_of(task: Task, usual: str) -> str:
    """Return the language of an order: Chinese where its prompt is written in it, else English; the usual one where it
    has no words."""
    prompt = str(task.spec.get("prompt") or "")
    if CHINESE.search(prompt):
        return "zh-hans"
    return "en" if WORD.search(prompt) else usual


def cut(text: str) -> str:
    """Return a text that is no longer than may be, ended between two words."""
    if len(text) <= LONGEST_ALT:
        return text
    start = text[: LONGEST_ALT - 1]
    words = start.rpartition(" ")[0]
    return f"{words if len(words) > LONGEST_ALT / 2 else start}…"
