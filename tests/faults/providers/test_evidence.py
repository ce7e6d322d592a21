"""What is kept of an order in doubt: enough to find it at its vendor, small, and without keys and pictures."""

import logging

import pytest
from rest_framework.test import APIClient

from generation.models import Account, AccountKey, Attempt, Event, Task
from generation.providers import evidence
from tests.faults.providers.vendor import KEY, PROMPT, Vendor, order, png, work
from tests.patience import slowness
from tests.providers.vendors.contract import HTML, PAGE, b64
from tests.providers.vendors.server import Asked, Hang, Reply, Silence

pytestmark = pytest.mark.django_db(transaction=True)


def test_lost_order_says_what_was_sent_and_what_came(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    vendor.faults = [Reply(502, HTML, PAGE)]
    order(dora)
    assert work() == ["unknown"]
    told = Attempt.objects.get().evidence
    assert told["method"] == "POST"
    assert told["address"] == f"{vendor.url}/images/generations"
    assert PROMPT in told["body"]
    assert "gpt-image-2" in told["body"]
    assert (told["status"], told["answer"]) == (502, HTML.decode())
    assert told["seconds"] >= 0
    assert Attempt.objects.get().sending_at is not None


@pytest.mark.parametrize("fault", [Silence(), Hang()], ids=["silence", "hang"])
def test_order_without_an_answer_says_how_it_broke(
    dora: APIClient, vendor: Vendor, account: Account, fault: Reply
) -> None:
    Account.objects.update(answer_seconds=2 * slowness())
    vendor.faults = [fault]
    order(dora)
    assert work() == ["unknown"]
    attempt = Attempt.objects.get()
    assert PROMPT in attempt.evidence["body"]
    assert "status" not in attempt.evidence
    assert attempt.error_detail


def test_key_that_a_vendor_repeats_is_nowhere(
    dora: APIClient, vendor: Vendor, account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    def echo(asked: Asked) -> Reply:
        said = f"gateway timeout for {asked.headers['authorization']}"
        return Reply(504, {"error": {"message": said, "code": said}})

    vendor.respond = echo
    with caplog.at_level(logging.DEBUG, "generation"):
        order(dora)
        assert work() == ["unknown"]
    models = (Attempt, Event, Task, Account, AccountKey)
    rows = str([list(model._default_manager.values()) for model in models])
    assert evidence.HIDDEN in rows
    for place in (rows, caplog.text):
        assert KEY not in place


def test_evidence_is_small_and_holds_no_picture(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    body = {"error": {"message": b64() * 4}, "url": "https://cdn.example/x.png?signature=canary"}
    vendor.faults = [Reply(502, body)]
    order(dora, prompt="猫" * 3000)
    assert work() == ["unknown"]
    told = Attempt.objects.get().evidence
    assert len(told["body"].encode()) <= evidence.MOST_BODY
    assert len(told["answer"].encode()) <= evidence.MOST_ANSWER
    assert b64()[:100] not in str(told)
    assert "canary" not in str(told)


def test_picture_that_was_sent_is_told_by_its_size() -> None:
    data = png()
    told = evidence.describe_request(
        "POST", "https://user:secret-word@vendor.example/edits?key=secret-word",
        {"data": {"prompt": "a star"}, "files": {"image": ("image.png", data, "image/png")}},
    )  # fmt: skip
    assert told["address"] == "https://vendor.example/edits"
    assert f"({len(data)} bytes)" in told["body"]
    told = evidence.describe_request(
        "POST", "https://vendor.example/x", {"json": {"image": f"data:image/png;base64,{b64()}"}}
    )
    assert b64()[:40] not in told["body"]
    assert "characters" in told["body"]


@pytest.mark.parametrize("words", [{}, {"json": {}}, {"content": b"\0"}, {"files": None}])
def test_request_without_words_has_none(words: dict[str, object]) -> None:
    assert "body" not in evidence.describe_request("GET", "not an address", words)
