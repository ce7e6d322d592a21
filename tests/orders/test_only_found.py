"""An order that takes only what was drawn before is never drawn and never charged for it; what is looked for once is
looked for once."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from credits.models import Hold, PriceRule
from generation.models import Task
from generation.order import Order
from generation.orders import cache, resolved
from generation.orders.customer import Customer
from generation.orders.submit import resolve_for
from generation.work.run import run_queue
from genhub.platforms.models import Platform
from tests.api.refusals import GENERATE, nothing_moves, refused
from tests.easel import Easel
from tests.steps import submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("right_books")]
WORDS: dict[str, Any] = {"prompt": "a star", "seed": 7, "width": 64, "height": 64}
ONLY = WORDS | {"cache": "only"}
MARKS = "statement_timestamp()"


def forget() -> None:
    """Take from what was drawn what leads to it, as its owner's delete or staff's withholding does."""
    Task.objects.update(cache_key="")


def test_a_picture_that_goes_between_two_looks_is_not_drawn(
    alice: APIClient, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(alice, **WORDS)
    run_queue("local")
    real = cache.mark

    def lose(customer: Customer, order: Any, wanted: str | None) -> Any:
        marked = real(customer, order, wanted)
        forget()
        return marked

    monkeypatch.setattr(cache, "mark", lose)
    refused(alice, GENERATE, body=ONLY, expect=(404, "not_cached"))
    assert (Task.objects.count(), len(easel.batches)) == (1, 1)


def test_a_picture_that_goes_while_its_batch_waits_is_not_drawn(
    alice: APIClient, easel: Easel
) -> None:
    submit(alice, **WORDS)
    run_queue("local")
    orders = [ONLY, WORDS | {"seed": 8, "cache": "auto"}]
    answer = alice.post("/api/v1/batches", {"orders": orders}, format="json")
    assert answer.status_code == 202, answer.json()
    forget()
    run_queue("local")
    only, other = Task.objects.exclude(batch=None).order_by("batch_index")
    assert (only.state, only.error_code, other.state) == ("failed", "found_no_more", "completed")
    assert Hold.objects.get(reference=only.pk).captured == 0
    assert len(easel.batches) == 2, "the first of all, and the other"
    told = alice.get(f"/api/v1/tasks/task_{only.pk.hex}").json()["error"]
    assert "given back" in told["message"]


def test_only_what_was_found_is_answered_from_the_worker_too(
    alice: APIClient, easel: Easel
) -> None:
    submit(alice, **WORDS)
    run_queue("local")
    alice.post("/api/v1/batches", {"orders": [ONLY]}, format="json")
    run_queue("local")
    found = Task.objects.get(batch__isnull=False)
    assert (found.state, found.cached_from_id is None, len(easel.batches)) == ("completed", False, 1)  # fmt: skip


def test_what_is_found_is_priced_once(
    alice: APIClient, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    PriceRule.objects.create(name="Picture", effect="price", amount=10)
    PriceRule.objects.create(name="Found", effect="cached", amount=3)
    submit(alice, **WORDS)
    run_queue("local")
    real, priced = resolved.quote_spec, []

    def count(*args: Any, cached: bool = False) -> Any:
        priced.append(cached)
        return real(*args, cached=cached)

    monkeypatch.setattr(cache, "quote_spec", count)
    task = submit(alice, **WORDS)
    assert (task.price, priced) == (3, [True])


def test_a_price_is_told_by_one_look_and_without_a_search(
    alice: APIClient, easel: Easel, shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer, order = Customer(shop.pk, "", "alice"), Order(prompt="a star", seed=7)
    resolve_for(customer, order, keeps=False)
    with CaptureQueriesContext(connection) as asked:
        whole = resolve_for(customer, order, keeps=False)
    assert len([one for one in asked if MARKS in one["sql"]]) == 1
    assert (whole.cache_key, whole.cached_quote) == ("", None)
    with nothing_moves():
        assert alice.post("/api/v1/quote", ONLY, format="json").status_code == 404


def test_a_models_folder_is_walked_once(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["b.safetensors", "part/a.safetensors", "config.json", "notes.txt"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    real, walks = Path.rglob, []

    def count(path: Path, pattern: str) -> Any:
        walks.append(pattern)
        return real(path, pattern)

    monkeypatch.setattr(Path, "rglob", count)
    found = [Path(facts[0]).name for facts in cache.identify_folder(str(tmp_path))]
    assert (found, len(walks)) == (["b.safetensors", "a.safetensors", "config.json"], 1)
