"""Staff find by what they have in hand: a user of any name, a word in any script, a whole id or a part of one."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse

from credits import freezes, ledger
from credits.models import Budget, Freeze, Hold, Lot, Purse, Transfer
from generation.models import Account, RefundRequest, Share, Task
from generation.selectors.tasks import search_tasks
from generation.work.run import run_queue
from genhub.platforms.models import ApiKey
from genhub.users.models import User
from storage.models import Artifact
from tests.conftest import WHY

pytestmark = [pytest.mark.django_db, pytest.mark.whole]
NAMED_BY_ID = ("3f2504e0-4f89-41d3-9a0c-0305e82c3301", "9E107D9D372BB6826BD81D3542A419D6",
               "user_9e107d9d372bb6826bd81d3542a419d6", "{3f2504e0-4f89-41d3-9a0c-0305e82c3301}")  # fmt: skip


def listed(client: Client, model: Any, term: str, **words: str) -> set[Any]:
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    answer = client.get(address, {"q": term} | words)
    assert answer.status_code == 200, answer
    return {row.pk for row in answer.context["cl"].result_list}


@pytest.fixture
def order(client_of: Any, rich: Callable[..., Purse], stub: Account) -> Callable[..., Task]:
    def make(user: str = "alice", **words: Any) -> Task:
        rich(user, 100)
        body = {"prompt": "a star", "seed": 7} | words
        answer = client_of(user).post("/api/v1/generate", body, format="json")
        assert answer.status_code == 202, answer.json()
        return Task.objects.get(pk=answer.json()["id"].removeprefix("task_"))

    return make


@pytest.mark.parametrize("user", NAMED_BY_ID)
def test_a_user_named_like_an_id_is_found_in_every_list(
    boss: Client, order: Callable[..., Task], user: str, shop: Any
) -> None:
    order("somebody else")
    task = order(user)
    run_queue("local")
    purse = Purse.objects.get(user=user)
    ledger.grant(purse.pk, 5, key="lot", why=WHY, expires_at=datetime(2999, 1, 1, tzinfo=UTC))
    Budget.objects.create(purse=purse, period="day", most=10)
    freezes.freeze(purse.pk, ["x"])
    RefundRequest.objects.create(
        task=task, amount=1, reason="a long reason", requested_by=User.objects.get()
    )
    key = ApiKey.objects.get(user=user)
    mine = {
        Task: {task.pk},
        Artifact: set(Artifact.objects.filter(user=user).values_list("pk", flat=True)),
        Purse: {purse.pk},
        Hold: set(purse.holds.values_list("pk", flat=True)),
        Transfer: set(purse.transfers.values_list("pk", flat=True)),
        Lot: set(Lot.objects.filter(purse=purse).values_list("pk", flat=True)),
        Budget: set(Budget.objects.values_list("pk", flat=True)),
        Freeze: set(Freeze.objects.values_list("pk", flat=True)),
        RefundRequest: set(RefundRequest.objects.values_list("pk", flat=True)),
        ApiKey: {key.pk},
        Share: set(Share.objects.filter(user=user).values_list("pk", flat=True)),
    }
    for model, expected in mine.items():
        assert expected, model
        assert listed(boss, model, user) == expected, model


@pytest.mark.parametrize("form", ["{0}", "{0.hex}", "x_{0.hex}", " {0} "])
def test_every_row_with_an_id_is_found_by_it(
    boss: Client, order: Callable[..., Task], form: str
) -> None:
    task = order()
    run_queue("local")
    seen = 0
    for model, model_admin in admin.site._registry.items():
        for row in model._default_manager.all():
            if model_admin.search_fields and isinstance(row.pk, uuid.UUID):
                assert listed(boss, model, form.format(row.pk)) == {row.pk}, model
                seen += 1
    assert seen > 6
    # The id of an order leads to its money, and that of a picture to its order.
    assert len(listed(boss, Hold, form.format(task.pk))) == 1
    assert len(listed(boss, Transfer, form.format(task.pk))) == 2
    assert listed(boss, Task, form.format(Artifact.objects.get().pk)) == {task.pk}
    assert listed(boss, Lot, form.format(uuid.uuid4())) == set()


PROMPT = "A Red Fox, café at dusk; 一只红色的狐狸在夜里"
META = {"order": "A-1701", "note": "张三的订单", "nested": [{"shop": "Øresund"}]}


@pytest.mark.parametrize(
    "term",
    [
        "fox", "FOX", "red fox", "dusk red", '"red fox,"', "café", "CAFÉ", "红色", "狐", "红色的狐狸",
        "夜里 fox", "A-1701", "张三", "订单", "øresund", "order", "blurry", "alice", "ALI", "al",
        "{0.hex}", "task_{0.hex}", "part:0:12", "part:8:20", "part:-8:", "dashes",
    ],
)  # fmt: skip
def test_tasks_are_found_by_words_of_prompt_metadata_user_and_id(
    boss: Client, order: Callable[..., Task], term: str
) -> None:
    order("bob", prompt="green sea 一只绿色的乌龟", negative_prompt="fog", metadata={"a": 1})
    if term == "al":
        # A short word is a whole one: here the name of a user.
        task = order("al", prompt=PROMPT)
    else:
        task = order(prompt=PROMPT, metadata=META, negative_prompt="blurry")
    if term.startswith("part:"):
        first, last = term.removeprefix("part:").split(":")
        term = task.pk.hex[int(first) : int(last) if last else None]
    elif term == "dashes":
        term = str(task.pk)[:23]
    assert listed(boss, Task, term.format(task.pk)) == {task.pk}


@pytest.mark.parametrize("term", ["foxes", "red sea", "红绿", "狐 乌龟", '"fox red"', "%", "_", "f_x",
                                  "\\", "'", '"', "''", "u07ea2x", "-", "zz", "x" * 5000, "qq " * 2000])  # fmt: skip
def test_tasks_are_not_found_by_what_they_do_not_hold(
    boss: Client, order: Callable[..., Task], term: str
) -> None:
    order(prompt=PROMPT, negative_prompt="blurry")
    assert listed(boss, Task, term) == set()


@pytest.mark.parametrize("named", ["Order-4711", "550e8400-e29b-41d4-a716-446655440000", ""])
def test_tasks_are_found_by_the_whole_id_of_their_request(
    boss: Client, order: Callable[..., Task], alice: Any, named: str
) -> None:
    order()
    headers = {"X-Request-ID": named} if named else {}
    answer = alice.post("/api/v1/generate", {"prompt": "a sea"}, format="json", headers=headers)
    task = Task.objects.get(pk=answer.json()["id"].removeprefix("task_"))
    assert task.request_id == (named or answer.headers["X-Request-ID"])
    assert listed(boss, Task, f" {task.request_id} ") == {task.pk}
    assert listed(boss, Task, task.request_id[:-1]) == set()


def test_a_search_keeps_to_the_filter(boss: Client, order: Callable[..., Task]) -> None:
    task = order(prompt=PROMPT)
    run_queue("local")
    assert listed(boss, Task, "fox", state__exact="completed") == {task.pk}
    assert listed(boss, Task, "fox", state__exact="failed") == set()


@pytest.mark.parametrize("term", ["***", "--", '""', "% _", "“”"])
def test_signs_alone_find_nothing_and_read_nothing(
    order: Callable[..., Task], django_assert_num_queries: Any, term: str
) -> None:
    order()
    with django_assert_num_queries(0):
        assert list(search_tasks(Task.objects.all(), term)) == []


@pytest.mark.parametrize("term", ["fox", "红色", "狐", "al", "0193ab", "red fox", NAMED_BY_ID[0]])
def test_the_search_of_tasks_reads_its_index(db: None, term: str) -> None:
    with connection.cursor() as cursor:
        # The tables of the test are small enough to be read whole, in any order.
        for way in ("seqscan", "indexscan", "indexonlyscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    plan = search_tasks(Task.objects.order_by("-id"), term)[:26].explain()
    assert "Bitmap Index Scan on task_text" in plan, plan
    assert "Bitmap Index Scan on task_by_request" in plan, plan
    assert "Seq Scan on generation_tasktext" not in plan


def test_every_task_has_its_text_however_it_was_written(order: Callable[..., Task]) -> None:
    task = order(prompt="Red 红", metadata={})
    copy = Task.objects.get(pk=task.pk)
    copy.pk = uuid.uuid4()
    Task.objects.bulk_create([copy])
    texts = {row.pk: row.search_text.text for row in Task.objects.select_related("search_text")}
    assert texts[task.pk] == f" alice task_{task.pk.hex} red u07ea2 blurry "
    assert texts[copy.pk] == f" alice task_{copy.pk.hex} red u07ea2 blurry "
