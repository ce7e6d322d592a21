"""Every address of the admin, found from the site itself, and who may pass: what the view declares, or a rule here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import Model
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import URLPattern, reverse

from generation.admin.tasks import sheets, style_pictures
from generation.models import Task, TrainingSet
from genhub.settings.unfold import CUSTOMER_RIGHTS
from genhub.users.models import User
from storage.models import Artifact
from templates.models import Style, Template, TemplateVersion
from templates.services import draft_next

Asked = Callable[[HttpRequest], bool]
Rule = Callable[[HttpRequest, Any, Any], bool]


@dataclass(frozen=True)
class Door:
    """An address, who may look at it and who may post there: nobody is asked who they are where that is None."""

    name: str
    address: str
    may_look: Asked | None
    may_post: Asked | None
    # How it answers who may not.
    refuses: int = 403


def holds(*rights: str) -> Rule:
    """Pass those who hold all of these rights."""
    return lambda request, _page, _row: all(map(request.user.has_perm, rights))


def holds_one(*rights: str) -> Rule:
    """Pass those who hold one of these rights."""
    return lambda request, _page, _row: any(map(request.user.has_perm, rights))


def anybody(_request: HttpRequest, _page: Any, _row: Any) -> bool:
    """Pass everybody of staff."""
    return True


def sees(request: HttpRequest, page: Any, row: Any) -> bool:
    """Pass those who may see a page's rows."""
    return bool(page.has_view_or_change_permission(request, row))


# Django's own pages of a model, by the last part of their names.
USUAL: dict[str, Rule] = {
    "changelist": lambda request, page, _row: sees(request, page, None),
    "add": lambda request, page, _row: page.has_add_permission(request),
    "change": sees,
    "history": sees,
    "delete": lambda request, page, row: page.has_delete_permission(request, row),
    # The address of a row without a page's name leads on to its page, which asks.
    "": anybody,
}
# Some look at what they may not change.
POSTED: dict[str, Rule] = {
    "change": lambda request, page, row: page.has_change_permission(request, row),
}
# Pages whose views declare nothing: they ask in their first lines.
OWN: dict[str, Rule] = {
    "users_user_own": anybody,
    "users_user_second_step": anybody,
    "users_user_second_step_set_up": anybody,
    "users_user_second_step_codes": anybody,
    "users_user_second_step_remove": anybody,
    "users_user_end_sessions": anybody,
    "users_user_end_session": anybody,
    "auth_user_password_change": lambda request, page, row: page.has_change_permission(request, row),
    "credits_purse_download": holds("credits.view_purse"),
    "templates_template_import": lambda request, page, _row: page.has_import_permission(request),
    "templates_style_follow": holds_one("templates.change_style", "templates.add_style"),
    "templates_templateversion_preview": holds("templates.change_templateversion"),
    "generation_trainingset_pictures": lambda request, page, _row: page.has_edit_permission(request),
    "generation_queue_steer": holds("generation.steer_queue", "generation.view_queue"),
    "generation_queue_move": holds("generation.steer_queue", "generation.view_queue"),
    "generation_task_take_down": holds("storage.take_down_pictures"),
    "generation_task_customers": holds_one(*CUSTOMER_RIGHTS),
    "generation_task_customer_stop": holds("credits.stop_users"),
    "generation_task_customer_allow": holds("credits.stop_users"),
    "generation_task_compare": holds("generation.view_task"),
    "generation_task_figures": holds("generation.view_task"),
    "generation_task_versions": holds("templates.view_templateversion"),
    "generation_style_sheet": holds(*sheets.RIGHTS),
    "generation_style_pictures": holds(*style_pictures.RIGHTS),
    "generation_task_try": holds("generation.order_task", "generation.view_task", "templates.view_templateversion"),
}  # fmt: skip
# What stands in addresses beside the key of a row of the page's own model.
WORDS: dict[str, type[Model] | str | int] = {
    "version_id": TemplateVersion, "set_id": TrainingSet, "picture_id": Artifact, "style_id": Style,
    "queue": "local", "deed": "pause",
    # No session of one's own has it.
    "row_id": 0,
}  # fmt: skip


def of_customer() -> dict[str, Any]:
    """Return the words that name the customer of a task."""
    task = Task.objects.select_related("platform")[0]
    return {"platform": task.platform.code, "user": task.user}


# What is asked of pages whose addresses need it.
QUERIES: dict[str, Callable[[], dict[str, Any]]] = {
    "generation_task_customers": of_customer,
    "generation_task_customer_stop": of_customer,
    "generation_task_customer_allow": of_customer,
    "generation_task_compare": lambda: {"tasks": ",".join(map(str, Task.objects.all()[:2]))},
    "generation_task_versions": lambda: dict(
        zip(("left", "right"), TemplateVersion.objects.values_list("pk", flat=True), strict=False)
    ),
}
# The site's own pages. A name that leads nowhere is told to nobody who is not of staff.
SITE: dict[str, Rule | None] = {
    "search": anybody, "index": anybody, "password_change": anybody, "password_change_done": anybody,
    "jsi18n": anybody, "view_on_site": anybody, "catch-all": anybody, "login": None, "logout": None,
}  # fmt: skip
# What an address of the site is filled with.
SITE_WORDS = {"content_type_id": "1", "object_id": "1", "url": "nowhere"}


def declared(view: Any) -> list[str] | None:
    """Return the permissions that a view's action declares, below whatever wraps it."""
    while view is not None:
        if hasattr(view, "allowed_permissions"):
            return list(view.allowed_permissions)
        view = getattr(view, "__wrapped__", None)
    return None


def asks(permissions: list[str], *, is_of_a_row: bool) -> Rule:
    """Pass those to whom a page grants each permission that an action declares."""

    def may(request: HttpRequest, page: Any, row: Any) -> bool:
        about = [str(row.pk)] if is_of_a_row else []
        return all(
            request.user.has_perm(one)
            if "." in one
            else getattr(page, f"has_{one}_permission")(request, *about)
            for one in permissions
        )

    return may


def find_rules(page: Any, pattern: URLPattern) -> tuple[Rule, Rule]:
    """Return who may look at an address of a model's page and who may post; raise KeyError where no rule says it."""
    name = pattern.name or ""
    own = name.removeprefix(f"{page.opts.app_label}_{page.opts.model_name}").removeprefix("_")
    if own in USUAL:
        return USUAL[own], POSTED.get(own, USUAL[own])
    permissions = declared(pattern.callback)
    if permissions is None:
        return OWN[name], OWN[name]
    rule = asks(permissions, is_of_a_row="object_id" in pattern.pattern.converters)
    return rule, rule


def bind(rule: Rule, page: Any = None, row: Any = None) -> Asked:
    """Return a rule about this page and row."""
    return lambda request: bool(rule(request, page, row))


def fill(word: str, row: Model) -> Any:
    """Return what stands for a word of an address: the key of this row, where it is not of something else."""
    of = WORDS.get(word, type(row))
    if not isinstance(of, type):
        return of
    return quote((row if isinstance(row, of) else of._default_manager.all()[0]).pk)


def list_of(page: Any, row: Model) -> Iterator[Door]:
    """Yield the doors of a model's page, those of a row at this one."""
    listed = f"{page.opts.app_label}_{page.opts.model_name}_changelist"
    for pattern in page.get_urls():
        words = {word: fill(word, row) for word in pattern.pattern.converters}
        # The only one without a name is that of a row without a page's.
        address = (
            reverse(f"admin:{pattern.name}", kwargs=words)
            if pattern.name
            else f"{reverse(f'admin:{listed}')}{quote(row.pk)}/"
        )
        name = pattern.name or f"{page.opts.model_name} by its key"
        query = urlencode(QUERIES.get(name, dict)())
        look, post = (bind(rule, page, row) for rule in find_rules(page, pattern))
        yield Door(name, f"{address}?{query}".removesuffix("?"), look, post)
    for field in page.get_autocomplete_fields(None):
        yield offers(page, field)


def offers(page: Any, field: str) -> Door:
    """Return the door of what a field offers to choose from: theirs who may see such rows."""
    asked = {
        "app_label": page.opts.app_label,
        "model_name": page.opts.model_name,
        "field_name": field,
    }
    of = admin.site._registry[page.model._meta.get_field(field).remote_field.model]
    address = f"{reverse('admin:autocomplete')}?{urlencode(asked)}"
    return Door(f"choices of {field}", address, bind(sees, of), None)


def list_site() -> Iterator[Door]:
    """Yield the doors that are of no model."""
    for pattern in admin.site.get_urls():
        if not isinstance(pattern, URLPattern) or pattern.name == "autocomplete":
            continue
        if pattern.name == "app_list":
            for label in sorted({model._meta.app_label for model in admin.site._registry}):
                has_page = partial(opens, label)
                address = reverse("admin:app_list", args=[label])
                yield Door(f"app {label}", address, has_page, has_page, refuses=404)
            continue
        name = pattern.name or "catch-all"
        words = {word: SITE_WORDS[word] for word in pattern.pattern.regex.groupindex}
        address = (
            reverse(f"admin:{name}", kwargs=words)
            if pattern.name
            else f"{reverse('admin:index')}{SITE_WORDS['url']}"
        )
        rule = SITE[name]
        may = rule and bind(rule)
        yield Door(name, address, may, may)


def opens(label: str, request: HttpRequest) -> bool:
    """Return whether an app has a page for somebody."""
    return any(
        any(page.get_model_perms(request).values())
        for model, page in admin.site._registry.items()
        if model._meta.app_label == label
    )


@dataclass(frozen=True)
class Deed:
    """What a button of a list or of a form does, by its name, and who may."""

    name: str
    page: Any
    may: Asked


def list_deeds() -> Iterator[Deed]:
    """Yield every deed that is posted to the address of a list."""
    pages: list[Any] = list(admin.site._registry.values())
    for page in pages:
        if page.actions is None:
            continue
        for method, name, _words in page._get_base_actions():
            rule = asks(declared(method) or [], is_of_a_row=False)
            yield Deed(name, page, bind(rule, page))


def list_doors(person: User) -> Iterator[Door]:
    """Yield every door of the admin, those of rows at the first that this person finds, or at one that may be written:
    no owner's account, and a draft."""
    request: Any = RequestFactory().get("/")
    request.user = person
    dave = User.objects.create_user("dave", is_staff=True)
    rows = {User: dave, TemplateVersion: draft_next(Template.objects.get(code="shape"))}
    yield from list_site()
    for model, page in admin.site._registry.items():
        row = rows.get(model) or page.get_queryset(request).first()
        assert row is not None, model
        yield from list_of(page, row)
