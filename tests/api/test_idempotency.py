"""One key, one order: repeated by a client, by its library, or by two hundred threads at once."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from rest_framework.test import APIClient

from credits.models import Hold, Purse
from generation.models import Account, Attempt, Task
from generation.work.run import run_queue
from genhub.platforms import idempotency
from genhub.platforms.models import IdempotencyKey, Platform
from tests.api.refusals import GENERATE, header_of, nothing_moves, refused
from tests.books import find_mistakes
from tests.patience import patience


def submit(client: APIClient, key: str, **words: Any) -> Any:
    body = {"prompt": "a star", **words}
    return client.post(GENERATE, body, format="json", HTTP_IDEMPOTENCY_KEY=key)


@pytest.mark.django_db
class TestOneClient:
    def test_same_key_and_body_answer_the_same_task(self, alice: APIClient, stub: Account) -> None:
        first = submit(alice, "k", seed=7, num_images=2)
        with nothing_moves():
            again = [submit(alice, "k", num_images=2, seed=7) for _ in range(5)]
        assert {answer.json()["id"] for answer in again} == {first.json()["id"]}
        assert {answer.status_code for answer in again} == {202}
        assert Hold.objects.get().amount == 20

    def test_same_key_answers_the_task_after_its_end(self, alice: APIClient, stub: Account) -> None:
        first = submit(alice, "k")
        run_queue("local")
        again = submit(alice, "k").json()
        assert again["id"] == first.json()["id"]
        assert again["status"] == "completed"

    def test_same_key_answers_although_the_model_is_gone(
        self, alice: APIClient, stub: Account
    ) -> None:
        first = submit(alice, "k")
        Account.objects.update(is_enabled=False)
        assert submit(alice, "k").json()["id"] == first.json()["id"]

    @pytest.mark.parametrize(
        "words",
        [{"prompt": "a circle"}, {"num_images": 2}, {"seed": 0}, {"seed": 8}, {"quality": "high"},
         {"metadata": {"a": 1}}, {"priority": "low"}, {"negative_prompt": ""}],
        ids=str,
    )  # fmt: skip
    def test_same_key_with_another_body_is_refused(
        self, alice: APIClient, stub: Account, words: dict[str, Any]
    ) -> None:
        assert submit(alice, "k").status_code == 202
        body = {"prompt": "a star", **words}
        expect = (422, "idempotency_key_reused")
        refused(alice, GENERATE, body=body, HTTP_IDEMPOTENCY_KEY="k", expect=expect)

    def test_keys_of_two_users_are_independent(
        self, alice: APIClient, mallory: APIClient, stub: Account
    ) -> None:
        first, second = submit(alice, "k").json(), submit(mallory, "k", prompt="a circle").json()
        assert first["id"] != second["id"]
        assert second["user"] == "mallory"

    def test_platforms_key_keeps_its_users_apart(
        self, client_of: Callable[..., APIClient], rich: Callable[..., Any], stub: Account
    ) -> None:
        rich("alice", 10)
        rich("bob", 10)
        platform = client_of("")
        tasks = [
            submit(platform, "k", user=user).json()["id"] for user in ("alice", "bob", "alice")
        ]
        assert tasks[0] == tasks[2] != tasks[1]

    def test_keys_of_two_platforms_are_independent(
        self, alice: APIClient, client_of: Callable[..., APIClient], stub: Account
    ) -> None:
        submit(alice, "k")
        press = Platform.objects.create(code="press", name="Press")
        assert submit(client_of("alice", platform=press), "k").status_code == 402

    def test_without_a_key_each_submit_is_an_order(self, alice: APIClient, stub: Account) -> None:
        body = {"prompt": "a star"}
        ids = {alice.post(GENERATE, body, format="json").json()["id"] for _ in range(2)}
        assert len(ids) == 2
        assert not IdempotencyKey.objects.exists()

    def test_different_keys_are_different_orders(self, alice: APIClient, stub: Account) -> None:
        ids = {submit(alice, key).json()["id"] for key in ("k", "K", "x" * 255, "k-1")}
        assert len(ids) == 4

    @pytest.mark.parametrize(
        "key", ["", " ", "x" * 256, "é", "密钥", "a\tb", "\x00", "a\x7f"], ids=ascii
    )
    def test_key_that_is_too_long_or_not_plain_is_refused(
        self, alice: APIClient, stub: Account, key: str
    ) -> None:
        expect = (400, "invalid_request", "Idempotency-Key")
        refused(alice, GENERATE, body={"prompt": "a"}, HTTP_IDEMPOTENCY_KEY=key, expect=expect)

    def test_key_in_any_script_is_kept(self, alice: APIClient, stub: Account) -> None:
        # WSGI hands a header's bytes over as latin-1.
        keys = [key.encode().decode("latin-1") for key in ("订单-4711", "café-1", "订" * 85)]
        ids = [submit(alice, key).json()["id"] for key in keys * 2]
        assert ids[:3] == ids[3:]
        assert len(set(ids)) == 3
        refused(alice, GENERATE, body={"prompt": "a"}, HTTP_IDEMPOTENCY_KEY=keys[2] + "x",
                expect=(400, "invalid_request", "Idempotency-Key"))  # fmt: skip

    def test_refused_order_does_not_use_up_its_key(self, alice: APIClient, stub: Account) -> None:
        with nothing_moves():
            assert submit(alice, "k", width=17).status_code == 400
        assert submit(alice, "k").status_code == 202


ROUNDS, THREADS = 10, 20


@pytest.mark.django_db(transaction=True)
def test_two_hundred_submits_with_ten_keys_at_once_make_ten_tasks(
    stub: Account,
    rich: Callable[..., Any],
    client_of: Callable[..., APIClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # However slow the machine is: who waits for the first one is not refused.
    monkeypatch.setattr(idempotency, "PATIENCE_SECONDS", patience())
    rich("alice", 10_000)
    credentials = header_of(client_of("alice"))
    answers: list[tuple[int, str, str]] = []
    start = threading.Barrier(THREADS)

    def run() -> None:
        client = APIClient()
        client.credentials(**credentials)
        for number in range(ROUNDS):
            start.wait()
            answer = submit(client, f"key-{number}")
            answers.append((answer.status_code, f"key-{number}", str(answer.json().get("id"))))
        connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Counter(status for status, _, _ in answers) == {202: ROUNDS * THREADS}
    assert len({(key, task) for _, key, task in answers}) == ROUNDS
    assert Task.objects.count() == Attempt.objects.count() == Hold.objects.count() == ROUNDS
    assert IdempotencyKey.objects.count() == ROUNDS
    assert Purse.objects.get().held == ROUNDS * 10
    assert find_mistakes() == []
