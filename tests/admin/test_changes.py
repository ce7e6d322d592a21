"""Every change of a row that the admin takes stands in its history: who, from what to what, and why if it was said."""

from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse

from generation.models import Account, AccountKey
from genhub.admin.changes import ChangesTold, is_secret, say
from genhub.platforms.models import Platform
from genhub.users.models import User
from templates.models import Template
from templates.services import draft_next
from tests.admin.test_pages import rows
from tests.admin.test_words import all_rows
from tests.credits.test_audit_runs import _within
from tests.templates.test_exchange import file_of

__all__ = ["_within", "all_rows", "rows"]
pytestmark = pytest.mark.django_db
WHY = "The night shift asked for it."


def page(model: type[Model], name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def last_words() -> str:
    """Return what the history was told last."""
    return LogEntry.objects.latest("pk").get_change_message()


class Fields(HTMLParser):
    """What a browser would post of a page that nobody typed into."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: dict[str, list[str]] = {}
        self.select = self.area = ""
        self.feed(html)

    def put(self, name: str | None, value: str | None) -> None:
        if name:
            self.words.setdefault(name, []).append(value or "")

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        of = dict(pairs)
        name = of.get("name")
        if tag == "input" and of.get("type") in {"checkbox", "radio"}:
            if "checked" in of:
                self.put(name, of.get("value", "on"))
        elif tag == "input" and of.get("type") not in {"submit", "button", "file"}:
            self.put(name, of.get("value"))
        elif tag == "select":
            self.select = name or ""
        elif tag == "textarea":
            self.area = name or ""
            self.put(name, "")
        elif tag == "option" and self.select and "selected" in of:
            self.put(self.select, of.get("value"))

    def handle_data(self, data: str) -> None:
        if self.area:
            self.words[self.area][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            # Browsers leave out the line break that a template begins with.
            self.words[self.area][-1] = self.words[self.area][-1].removeprefix("\n")
            self.area = ""
        elif tag == "select":
            self.select = ""


def posted(answer: Any) -> dict[str, Any]:
    return dict(Fields(answer.content.decode()).words)


def alter(answer: Any, words: dict[str, Any]) -> str:
    """Change the first plain field of a form, and return its name; empty where there is none."""
    form = answer.context["adminform"].form
    for name, field in form.fields.items():
        if field.disabled or is_secret(name, field):
            continue
        if isinstance(field, forms.BooleanField):
            if words.pop(name, None) is None:
                words[name] = "on"
            return str(name)
        if isinstance(field, forms.IntegerField):
            words[name] = int(words.get(name, [""])[0] or 0) + 1
            return str(name)
        if type(field) is forms.CharField and field.widget.input_type == "text":
            words[name] = f"{words.get(name, [''])[0]}x"
            return str(name)
    return ""


def changeable(boss: Client) -> list[type[Model]]:
    """Return the models whose rows a superuser may change by a form."""
    request = RequestFactory().get("/")
    request.user = User.objects.get(username="carol")
    return [model for model, page in admin.site._registry.items() if page.has_change_permission(request)]  # fmt: skip


def test_each_page_that_saves_a_form_tells_what_it_changed(boss: Client) -> None:
    models = changeable(boss)
    assert len(models) >= 15
    assert [m for m in models if not isinstance(admin.site._registry[m], ChangesTold)] == []


@pytest.mark.whole
def test_every_change_of_every_model_is_in_its_history(boss: Client, all_rows: None) -> None:
    draft_next(Template.objects.exclude(published=None)[0])
    tried = [model for model in changeable(boss) if change_one(boss, model)]
    # Saved by buttons of their own, each of which says who and why.
    assert {*changeable(boss)} - {*tried} == set()


def change_one(boss: Client, model: type[Model]) -> bool:
    """Change the newest row of a model that has something to change, and look into its history."""
    carol = User.objects.get(username="carol")
    for row in model._default_manager.order_by("-pk")[:9]:
        address = page(model, "change", row.pk)
        answer = boss.get(address)
        words = posted(answer)
        if not alter(answer, words):
            continue
        LogEntry.objects.all().delete()
        saved = boss.post(address, words | {"_why": WHY})
        if saved.status_code == 200 and saved.context.get("preview"):
            # A price is saved once its effect was shown.
            saved = boss.post(address, posted(saved))
        assert saved.status_code == 302, (model, saved.context["errors"])
        [entry] = LogEntry.objects.all()
        said = entry.get_change_message()
        assert (entry.user, entry.action_flag) == (carol, CHANGE)
        kind = ContentType.objects.get_for_model(model)
        assert (entry.content_type, entry.object_id) == (kind, str(row.pk))
        assert " → " in said, (model, said)
        assert said.endswith(f"Reason: {WHY}")
        history = boss.get(page(model, "history", row.pk)).content.decode()
        assert said in unescape(history), model
        return True
    return False


@pytest.mark.usefixtures("_within")
def test_what_is_begun_by_hand_is_noted_too(boss: Client, shop: Platform, recipes: None) -> None:
    boss.post(reverse("admin:credits_auditrun_audit_now"))
    assert last_words() == "Audited by hand."
    opened = {"platform": shop.pk, "user": "erin"}
    boss.post(reverse("admin:credits_purse_open_purse"), opened)
    assert last_words() == "Opened the purse."
    shape = Template.objects.get(code="shape")
    boss.post(reverse("admin:templates_template_draft_new", args=[shape.pk]))
    assert last_words() == "Began a new version."
    text = file_of()
    boss.post("/admin/templates/template/import/", {"text": text, "sure": "on"})
    assert last_words() == "Imported a draft."
    before = LogEntry.objects.count()
    # What is there already changes nothing.
    boss.post(reverse("admin:credits_purse_open_purse"), opened)
    boss.post(reverse("admin:templates_template_draft_new", args=[shape.pk]))
    boss.post("/admin/templates/template/import/", {"text": text, "sure": "on"})
    assert LogEntry.objects.count() == before


def test_a_new_row_tells_what_it_holds(boss: Client) -> None:
    answer = boss.get(page(Platform, "add"))
    words = posted(answer) | {"code": "shop", "name": "Shop", "_why": "  A new\r\ncustomer. "}
    assert boss.post(page(Platform, "add"), words).status_code == 302
    assert LogEntry.objects.get().action_flag == ADDITION
    assert last_words().startswith("Added: ")
    assert "Name: Shop" in last_words()
    assert last_words().endswith(" – Reason: A new customer.")


def test_what_nobody_may_read_again_is_not_repeated(boss: Client) -> None:
    words = {"username": "erin", "usable_password": "true", "password1": "correct horse battery", "password2": "correct horse battery"}  # fmt: skip
    assert boss.post(page(User, "add"), words).status_code == 302
    assert "Password: written anew" in last_words()
    assert "horse" not in LogEntry.objects.get().change_message


def test_keys_of_vendors_are_not_repeated(boss: Client, stub: Account) -> None:
    """They stand on the account's page, in rows of their own."""
    answer = boss.get(page(Account, "change", stub.pk))
    words = posted(answer) | {
        "keys-TOTAL_FORMS": "1", "keys-0-name": "main", "keys-0-secret": "sk-0123456789-abcdefgh", "keys-0-is_enabled": "on",
    }  # fmt: skip
    saved = boss.post(page(Account, "change", stub.pk), words)
    assert saved.status_code == 302, saved.context["errors"]
    assert AccountKey.objects.get().name == "main"
    assert "Added" in last_words()
    assert "main" in last_words()
    assert "sk-0123456789" not in LogEntry.objects.latest("pk").change_message
    row = AccountKey.objects.get()
    words = posted(boss.get(page(Account, "change", stub.pk)))
    words |= {"keys-0-name": "spare", "keys-0-secret": "sk-9876543210-abcdefgh"}
    assert boss.post(page(Account, "change", stub.pk), words).status_code == 302
    row.refresh_from_db()
    assert row.secret() == "sk-9876543210-abcdefgh"
    assert "main → spare" in last_words()
    assert "sk-" not in last_words()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        (forms.CharField(), "a\n  b", "a b"), (forms.CharField(), "", "–"), (forms.CharField(), None, "–"),
        (forms.CharField(), "x" * 900, "x" * 199 + "…"), (forms.BooleanField(), False, "False"),
        (forms.ChoiceField(choices=[("a", "An A"), ("group", [("b", "A B")])]), "b", "A B"),
        (forms.MultipleChoiceField(choices=[("a", "An A"), ("b", "A B")]), ["a", "z"], "An A, z"),
        (forms.ChoiceField(choices=[("a", "An A")]), None, "–"), (forms.JSONField(), {"a": "星"}, '{"a": "星"}'),
    ],
)  # fmt: skip
def test_values_are_told_as_people_read_them(field: forms.Field, value: Any, said: str) -> None:
    assert say(field, value) == said
