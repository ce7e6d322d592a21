"""What a stranger's server answers: read when it is a text, bounded and harmless then; else nobody's trouble."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from generation.describing import rows, vision
from generation.describing.vision import Choice, Declined, Message, flatten, read
from generation.models import Describer, Undescribed
from generation.models.describer import LONGEST_ANSWER_SECONDS
from genhub.lib.limits import LONGEST_ALT
from tests.describing.conftest import SEEN, Order, alt_of, completion, turn
from tests.providers.vendors.server import Cut, Hang, Reply, Server, Silence

pytestmark = pytest.mark.django_db
Make = Callable[..., Describer]
BAD = {
    "down": Reply(503, {"error": {"message": "away"}}),
    "broken": Reply(500, {"error": {"message": "secret-key-of-the-test"}}),
    "gateway": Reply(502, b"<html>"),
    "too many": Reply(429, {"error": {"message": "slow"}}, {"retry-after": "900"}),
    "bad key": Reply(401, {"error": {"message": "no: secret-key-of-the-test"}}),
    "no money": Reply(402, {"error": {"code": "insufficient_quota"}}),
    "no such model": Reply(404, {"error": {"message": "no model sees-1"}}),
    "silent": Silence(),
    "cut": Cut(200, completion(SEEN).body),
    "HTML": Reply(200, b"<html>fine</html>", {"content-type": "text/html"}),
    "other JSON": Reply(200, {"ok": True}),
    "no choices": Reply(200, {"choices": []}),
    "no message": Reply(200, {"choices": [{}]}),
    "a number": completion(7),
    "nothing": Reply(200, b""),
    "no words": completion(""),
    "unseen words": completion("\u202e\u200b\n\0"),
    "10 MB": completion("a fox " * 2_000_000),
    "packed": Reply(200, b"\x1f\x8b\x08\x00" * 20, {"content-encoding": "gzip"}),
    "elsewhere": Reply(302, {}, {"location": "http://127.0.0.1:1/"}),
}


@pytest.mark.parametrize("reply", BAD.values(), ids=BAD)
def test_answer_that_is_none_leaves_the_words_of_the_rules_and_is_asked_again(
    reply: Reply, alice: APIClient, order: Order, server: Server, model: Make
) -> None:
    row = model()
    task = order()
    server.respond = lambda asked: reply
    assert turn() == 1
    task.refresh_from_db()
    assert task.state == "completed"
    assert alt_of(alice, task) == "a star"
    row.refresh_from_db()
    assert row.last_error
    assert "secret-key" not in row.last_error
    waiting = Undescribed.objects.get()
    seconds = (waiting.due_at - waiting.created_at).total_seconds()
    assert seconds >= (900 if reply.status == 429 else rows.FIRST_DELAY_SECONDS)
    assert turn() == 0
    server.respond = lambda asked: completion(SEEN)
    Undescribed.objects.update(due_at=Now())
    assert turn() == 1
    assert alt_of(alice, task) == SEEN


REFUSED = {
    "refusal": completion(None, refusal="I can't help with that."),
    "dash": completion("-"),
    "sorry": completion("I’m sorry, but I can't describe this picture."),
    "抱歉": completion("抱歉，我无法描述这张图片。"),
    "filtered": Reply(body={"choices": [{"message": {"content": "a"}, "finish_reason": "content_filter"}]}),
}  # fmt: skip


@pytest.mark.parametrize("reply", REFUSED.values(), ids=REFUSED)
def test_model_that_does_not_say_it_is_not_asked_again(
    reply: Reply, alice: APIClient, order: Order, server: Server, model: Make
) -> None:
    row = model()
    task = order()
    server.respond = lambda asked: reply
    assert turn() == 1
    assert not Undescribed.objects.exists()
    assert alt_of(alice, task) == "a star"
    row.refresh_from_db()
    assert (row.failures, row.last_error) == (0, "")


def test_slow_model_is_waited_for_within_its_time(
    alice: APIClient, order: Order, server: Server, model: Make
) -> None:
    model(answer_seconds=0.5)
    task = order()
    server.respond = lambda asked: Hang()
    began = time.monotonic()
    assert turn() == 1
    assert 0.4 < time.monotonic() - began < 20
    assert alt_of(alice, task) == "a star"


@pytest.mark.parametrize(
    "break_it", [{"sealed": "rubbish"}, {"options": {"messages": 1, "a": "b"}}]
)
def test_key_that_cannot_be_opened_fails_and_options_change_no_question(
    order: Order, server: Server, model: Make, break_it: dict[str, Any]
) -> None:
    row = model()
    Describer.objects.filter(pk=row.pk).update(**break_it)
    order()
    turn()
    row.refresh_from_db()
    if "sealed" in break_it:
        assert "not usable" in row.last_error
        assert server.asked == []
    else:
        assert row.last_error == ""
        assert isinstance(server.asked[0].json["messages"], list)


def test_hostile_text_is_one_short_line_and_nothing_else(
    alice: APIClient, order: Order, server: Server, model: Make
) -> None:
    model()
    task = order()
    text = '"<script>alert(1)</script>\u202e\r\n![x](javascript:1)\0 ' + "fox " * 400
    server.respond = lambda asked: completion(text)
    turn()
    said = alt_of(alice, task)
    assert said.startswith("<script>alert(1)</script> ![x](javascript:1) fox")
    assert len(said) <= LONGEST_ALT
    assert said.isprintable()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"  “{SEEN}” \n", SEEN),
        ("**A fox**", "A fox"),
        ("雪地里的\u3000红狐", "雪地里的 红狐"),
        ("a\u2028b\u200ec\U000e0041d", "a b c d"),
    ],
)
def test_flattened(text: str, said: str) -> None:
    assert flatten(text) == said


def test_word_that_only_begins_alike_is_no_refusal() -> None:
    assert read(Choice(Message(content="A sorry-looking dog."))) == "A sorry-looking dog."
    with pytest.raises(Declined):
        read(Choice(Message(content="Sorry, no.")))


def test_longest_lease_outlives_the_longest_question() -> None:
    assert rows.LEASE.total_seconds() > LONGEST_ANSWER_SECONDS + 60
    assert set(vision.ASKED) == {"en", "zh-hans"}
