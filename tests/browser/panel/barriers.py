"""Every page of the admin before axe, at a desk and on a phone, in both languages; `make panel` runs these tests."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse
from playwright.sync_api import Page

from generation.models import Task
from genhub.users.models import User
from tests.admin.conftest import finished
from tests.admin.test_pages import rows
from tests.admin.test_words import all_rows
from tests.browser.panel.editors import MODULES

__all__ = ["all_rows", "finished", "rows"]
EARNEST = {"serious", "critical"}
# Pages that no model's list, row or history is.
OTHERS = (
    "admin:index", "admin:users_user_own", "admin:users_user_second_step_set_up", "admin:password_change",
    "admin:generation_task_customers", "admin:generation_task_figures",
)  # fmt: skip


@pytest.fixture
def boss(staff: User) -> User:
    """Who looks at the pages is the person of the browser."""
    return staff


def list_pages(person: User) -> dict[str, str]:
    """Return every page's name and address."""
    request: Any = RequestFactory().get("/")
    request.user = person
    found = {name: reverse(name) for name in OTHERS}
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row: Any = model_admin.get_queryset(request).first()
        found[name] = reverse(f"{name}_changelist")
        for page in ("change", "history"):
            found[f"{name}_{page}"] = reverse(f"{name}_{page}", args=[row.pk])
        if model_admin.has_add_permission(request):
            found[f"{name}_add"] = reverse(f"{name}_add")
    task = Task.objects.filter(state="completed").first()
    assert task
    for page in ("refund", "order_again"):
        found[f"task {page}"] = reverse(f"admin:generation_task_{page}", args=[task.pk])
    customer = {"platform": task.platform.code, "user": task.user}
    found["customer"] = (
        f"{reverse('admin:generation_task_customers')}?{'&'.join(f'{k}={v}' for k, v in customer.items())}"
    )
    return found


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious_on_any_page(
    signed_in: Page, site: str, staff: User, all_rows: None, language: str, width: int
) -> None:
    page = signed_in
    found: list[Any] = []
    axe = (MODULES / "axe-core" / "axe.min.js").read_text("utf-8")
    page.context.add_cookies([{"name": "django_language", "value": language, "url": site}])
    page.set_viewport_size({"width": width, "height": 900})
    for name, place in list_pages(staff).items():
        page.goto(site + place)
        page.evaluate(axe)
        # The menu is the same on every page: it is looked at once.
        around = {"exclude": [["#nav-sidebar"]]} if name != OTHERS[0] else {}
        answer = page.evaluate(
            "around => axe.run(around.exclude ? around : document, { resultTypes: ['violations'] })",
            around,
        )
        found += [
            (name, each["id"], len(each["nodes"]), each["nodes"][0]["html"][:200])
            for each in answer["violations"]
            if each["impact"] in EARNEST
        ]
    assert not found, "\n".join(map(str, found))
