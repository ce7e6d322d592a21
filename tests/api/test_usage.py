"""What was counted of an order stands in its task: by its vendor, or by the hub's own tokenizer."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.accounts.tokens import count_tokens
from generation.models import Attempt
from generation.work.run import run_queue
from genhub.lib.ids import to_wire
from tests.steps import submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]
PROMPT = "a yellow star on a purple background, 一颗星星"
TOLD = {"pictures": 2, "input_text_tokens": 12, "input_image_tokens": 0, "output_tokens": 400}


def usage_of(client: APIClient, task: Any) -> Any:
    wire_id = to_wire("task", task.pk)
    [listed] = client.get("/api/v1/tasks").json()["items"]
    found = client.get(f"/api/v1/tasks/{wire_id}").json()["usage"]
    assert listed["usage"] == found
    return found


def test_prompt_of_a_vendor_that_counts_nothing_is_counted_here(alice: APIClient) -> None:
    task = submit(alice, PROMPT, num_images=2)
    assert usage_of(alice, task) is None, "before anything was made nothing was counted"
    run_queue("local")
    number = count_tokens(PROMPT)
    assert number is not None
    assert 10 < number < 30
    assert usage_of(alice, task) == {
        "pictures": 2, "input_text_tokens": number, "input_image_tokens": None, "output_tokens": None,
        "counted_by_hub": ["input_text_tokens"],
    }  # fmt: skip


@pytest.mark.usefixtures("keeps_orders_here")
def test_what_never_leaves_is_read_by_nobody_who_counts(alice: APIClient) -> None:
    task = submit(alice, PROMPT)
    run_queue("local")
    assert usage_of(alice, task) == {
        "pictures": 1, "input_text_tokens": None, "input_image_tokens": None, "output_tokens": None,
        "counted_by_hub": [],
    }  # fmt: skip


def test_what_a_vendor_counted_is_its_own_word(alice: APIClient) -> None:
    task = submit(alice, PROMPT, num_images=2)
    run_queue("local")
    Attempt.objects.filter(task=task).update(usage={**TOLD, "cost_usd": "0.25"})
    found = usage_of(alice, task)
    assert found == {**TOLD, "counted_by_hub": []}, "what it cost stands elsewhere"


def test_attempts_are_added_up_and_half_of_a_sum_is_none(alice: APIClient) -> None:
    task = submit(alice, PROMPT, num_images=2)
    run_queue("local")
    first = Attempt.objects.get(task=task)
    Attempt.objects.filter(task=task).update(usage=TOLD)
    more: dict[str, Any] = {
        "pictures": 1,
        "input_text_tokens": 5,
        "counted_here": ["input_text_tokens"],
    }
    for number, usage in ((2, more), (3, {})):
        Attempt.objects.create(
            task=task, number=number, account=first.account, share=first.share, cost=1,
            state="failed", usage=usage, ended_at=first.ended_at,
        )  # fmt: skip
    assert usage_of(alice, task) == {
        "pictures": 3, "input_text_tokens": 17, "input_image_tokens": None, "output_tokens": None,
        "counted_by_hub": ["input_text_tokens"],
    }  # fmt: skip


def test_nobody_else_reads_it(alice: APIClient, client_of: Callable[..., APIClient]) -> None:
    task = submit(alice, PROMPT)
    run_queue("local")
    address = f"/api/v1/tasks/{to_wire('task', task.pk)}"
    assert client_of("mallory").get(address).status_code == 404
