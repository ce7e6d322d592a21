"""Results before they are ready, cancels after the end: refused, and nothing moves."""

import base64
import hashlib
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.life import claims
from generation.models import Task
from generation.work.run import run_queue
from tests.api.refusals import GENERATE, refused
from tests.books import find_mistakes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]

NOT_READY = (409, "result_not_ready")
NO_RESULT = (409, "no_result")
ENDED = (409, "task_already_ended")


def order(client: APIClient, **words: Any) -> Any:
    return client.post(GENERATE, {"prompt": "a star", **words}, format="json").json()


def refused_result(client: APIClient, task: Any, expect: tuple[int, str], state: str) -> None:
    for form in ("", "?format=url", "?format=b64"):
        path = f"/api/v1/tasks/{task['id']}/result{form}"
        assert refused(client, path, method="get", expect=expect)["params"] == {"state": state}


def refused_cancel(client: APIClient, task: Any, state: str) -> None:
    path = f"/api/v1/tasks/{task['id']}/cancel"
    assert refused(client, path, expect=ENDED)["params"] == {"state": state}


def test_result_of_a_waiting_task_is_not_ready(alice: APIClient) -> None:
    refused_result(alice, order(alice), NOT_READY, "pending")


def test_result_of_a_running_task_is_not_ready(alice: APIClient) -> None:
    task = order(alice)
    assert claims.claim_next("local", worker="tests")
    refused_result(alice, task, NOT_READY, "processing")


def test_failed_task_has_no_result(alice: APIClient) -> None:
    task = order(alice, prompt="stub:fail")
    run_queue("local")
    refused_result(alice, task, NO_RESULT, "failed")


def test_canceled_task_has_no_result(alice: APIClient) -> None:
    task = order(alice)
    alice.post(task["cancel_url"])
    refused_result(alice, task, NO_RESULT, "canceled")


@pytest.mark.parametrize("form", ["", "png", "B64", "b64_json", "api", "json"])
def test_unknown_form_of_a_result_is_refused_by_name(alice: APIClient, form: str) -> None:
    task = order(alice)
    run_queue("local")
    path = f"/api/v1/tasks/{task['id']}/result?format={form}"
    refused(alice, path, method="get", expect=(400, "invalid_request", "format"))


def test_second_cancel_is_refused(alice: APIClient) -> None:
    task = order(alice)
    assert alice.post(task["cancel_url"]).json()["credits"]["released"] == 10
    refused_cancel(alice, task, "canceled")
    assert find_mistakes() == []


def test_cancel_of_a_completed_task_is_refused(alice: APIClient) -> None:
    task = order(alice)
    run_queue("local")
    refused_cancel(alice, task, "completed")


def test_cancel_of_a_failed_task_is_refused(alice: APIClient) -> None:
    task = order(alice, prompt="stub:fail")
    run_queue("local")
    refused_cancel(alice, task, "failed")


def test_running_task_is_canceled_and_its_worker_writes_nothing(alice: APIClient) -> None:
    task = order(alice)
    claim = claims.claim_next("local", worker="tests")
    assert claim
    canceled = alice.post(task["cancel_url"]).json()
    assert canceled["status"] == "canceled"
    assert canceled["credits"]["released"] == 10
    with pytest.raises(claims.LeaseLost):
        claims.heartbeat(claim, progress=0.5)
    assert find_mistakes() == []


def test_cancel_takes_no_words(alice: APIClient) -> None:
    task = order(alice)
    answer = alice.post(task["cancel_url"], {"anything": 1}, format="json")
    assert answer.json()["status"] == "canceled"


def test_failure_is_worded_without_the_providers_own_words(alice: APIClient) -> None:
    task = order(alice, prompt="stub:fail")
    run_queue("local")
    for language in ("en", "zh-hans"):
        answer = alice.get(f"/api/v1/tasks/{task['id']}", HTTP_ACCEPT_LANGUAGE=language).json()
        assert answer["error"]["code"] == "generation_failed"
        assert answer["error"]["message"].strip()
        assert answer["result"] is None
        assert "told to fail" not in str(answer)


def test_result_as_base64_is_the_stored_picture(alice: APIClient) -> None:
    task = order(alice, num_images=2)
    run_queue("local")
    answer = alice.get(f"{task['result_url']}?format=b64").json()
    assert answer["count"] == len(answer["images"]) == 2
    for image in answer["images"]:
        data = base64.b64decode(image["b64_json"])
        assert hashlib.sha256(data).hexdigest() == image["sha256"]
        assert len(data) == image["size_bytes"]
    assert "b64_json" not in alice.get(task["result_url"]).json()["images"][0]
    assert Task.objects.get().state == "completed"
