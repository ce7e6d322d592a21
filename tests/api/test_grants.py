"""Grants by apps: an event counts once, however often it comes; caps hold; whatever is refused moves nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from credits import counts, ledger
from credits.grants import App, Event, GrantCapReached, grant_for_event
from credits.models import Count, GrantRule, Lot, Period, Purse, Transfer
from genhub.platforms.models import ApiKey, IdempotencyKey, Platform, Scope
from tests.api.refusals import nothing_moves, refused
from tests.books import find_mistakes

pytestmark = pytest.mark.django_db

GRANTS = "/api/v1/credits/grants"
NOTHING_DONE = (400, "invalid_request")


@pytest.fixture
def rule(shop: Platform) -> GrantRule:
    return GrantRule.objects.create(
        platform=shop, kind="ad_reward", daily_most_per_user=50, daily_most=80
    )


@pytest.fixture
def app(client_of: Callable[..., APIClient], rule: GrantRule) -> APIClient:
    """The platform's own key, with the right to grant and to read."""
    return client_of("", scopes=[Scope.CREDITS_GRANT, Scope.CREDITS_READ])


def event(**words: Any) -> dict[str, Any]:
    return {"user": "alice", "amount": 5, "kind": "ad_reward", "event_id": "ad-1", **words}


def post(client: APIClient, *, once: str = "", **words: Any) -> Any:
    headers: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": once} if once else {}
    return client.post(GRANTS, event(**words), format="json", **headers)


def used() -> list[int]:
    return sorted(Count.objects.values_list("used", flat=True))


def test_grant_is_answered_with_its_entry_and_the_balance(app: APIClient) -> None:
    answer = post(app, reason="watched a film")
    assert answer.status_code == 201
    body = answer.json()
    entry = body.pop("entry")
    assert body == {"user": "alice", "available": 5, "held": 0}
    move = Transfer.objects.get()
    assert entry.pop("created_at")
    assert entry == {
        "id": f"entry_{move.pk.hex}", "kind": "grant", "amount": 5, "available_change": 5,
        "held_change": 0, "available_after": 5, "held_after": 0, "reason_code": "ad_reward",
        "reason": "watched a film", "by": "app", "task": None, "artifact": None, "expires_at": None,
    }  # fmt: skip
    key = ApiKey.objects.get()
    assert move.actor == f"app:{key.prefix}", "who granted, without the secret"
    assert find_mistakes() == []


def test_event_delivered_ten_times_is_one_credit(app: APIClient) -> None:
    first = post(app)
    with nothing_moves():
        again = [post(app, reason="other words") for _ in range(9)]
    assert [answer.status_code for answer in again] == [200] * 9
    assert {answer.json()["entry"]["id"] for answer in again} == {first.json()["entry"]["id"]}
    assert again[-1].json() == first.json()
    assert used() == [5, 5], "a repetition counts against no cap"


def test_events_out_of_order_are_one_credit_each(app: APIClient) -> None:
    sent = ["a", "b", "c", "b", "a", "c", "c", "a", "b"]
    answers = [post(app, event_id=name) for name in sent]
    assert [answer.status_code for answer in answers] == [201] * 3 + [200] * 6
    pairs = zip(sent, answers, strict=True)
    assert len({(name, answer.json()["entry"]["id"]) for name, answer in pairs}) == 3
    assert Purse.objects.get().available == 15


def test_repetition_answers_although_the_rule_is_gone_or_full(
    app: APIClient, rule: GrantRule
) -> None:
    assert post(app, amount=50).status_code == 201
    assert post(app, amount=50).status_code == 200
    rule.delete()
    with nothing_moves():
        assert post(app, amount=50).status_code == 200


@pytest.mark.parametrize("words", [{"amount": 6}, {"user": "bob"}, {"kind": "welcome"}], ids=str)
def test_event_that_granted_something_else_is_refused(
    app: APIClient, rule: GrantRule, words: dict[str, Any]
) -> None:
    GrantRule.objects.create(
        platform=rule.platform, kind="welcome", daily_most_per_user=50, daily_most=80
    )
    post(app)
    refused(app, GRANTS, body=event(**words), expect=(409, "transfer_key_reused"))
    assert used() == [5, 5]


def test_request_with_a_key_is_one_credit_and_answers_its_entry(app: APIClient) -> None:
    first = post(app, once="k")
    assert first.status_code == 201
    with nothing_moves():
        again = [post(app, once="k"), post(app, once="k", reason="")]
    assert [answer.status_code for answer in again] == [200, 200]
    assert {answer.json()["entry"]["id"] for answer in again} == {first.json()["entry"]["id"]}
    with nothing_moves():
        assert post(app).status_code == 200, "the event is known without it, too"
    assert IdempotencyKey.objects.get().made_id == Transfer.objects.get().pk


@pytest.mark.parametrize(
    "words", [{"amount": 6}, {"kind": "welcome"}, {"event_id": "ad-2"}, {"reason": "more"}], ids=str
)
def test_key_that_came_with_another_body_is_refused(app: APIClient, words: dict[str, Any]) -> None:
    post(app, once="k")
    reused: dict[str, Any] = {
        "expect": (422, "idempotency_key_reused"),
        "HTTP_IDEMPOTENCY_KEY": "k",
    }
    refused(app, GRANTS, body=event(**words), **reused)
    assert post(app, once="k").status_code == 200
    bob = post(app, once="k", user="bob", event_id="ad-2")
    assert bob.status_code == 201, "each user has keys of its own"


def test_event_that_was_granted_before_is_what_its_new_key_stands_for(app: APIClient) -> None:
    first = post(app, once="k")
    other = post(app, once="l", reason="told again")
    assert (other.status_code, other.json()) == (200, first.json())
    expect = (422, "idempotency_key_reused")
    refused(app, GRANTS, body=event(event_id="ad-2"), expect=expect, HTTP_IDEMPOTENCY_KEY="l")
    refused(app, GRANTS, body=event(amount=6), expect=(409, "transfer_key_reused"), HTTP_IDEMPOTENCY_KEY="m")  # fmt: skip
    assert used() == [5, 5]


def test_key_of_a_refused_grant_is_not_used_up(app: APIClient) -> None:
    expect = (409, "grant_cap_reached")
    refused(app, GRANTS, body=event(amount=51), expect=expect, HTTP_IDEMPOTENCY_KEY="k")
    assert post(app, once="k", amount=50).status_code == 201


def test_events_of_two_platforms_do_not_meet(
    app: APIClient, rule: GrantRule, client_of: Callable[..., APIClient]
) -> None:
    press = Platform.objects.create(code="press", name="Press")
    GrantRule.objects.create(
        platform=press, kind="ad_reward", daily_most_per_user=50, daily_most=80
    )
    other = client_of("", platform=press, scopes=[Scope.CREDITS_GRANT])
    assert [post(key).status_code for key in (app, other)] == [201, 201]
    assert list(Purse.objects.values_list("available", flat=True)) == [5, 5]


@pytest.mark.parametrize("rule_of", ["nobody", "another platform", "another kind", "inactive"])
def test_kind_without_an_active_rule_is_refused_saying_what_to_add(
    client_of: Callable[..., APIClient], shop: Platform, rule_of: str
) -> None:
    words = {"kind": "ad_reward", "daily_most_per_user": 50, "daily_most": 80}
    if rule_of == "another platform":
        press = Platform.objects.create(code="press", name="Press")
        GrantRule.objects.create(platform=press, **words)
    elif rule_of == "another kind":
        GrantRule.objects.create(platform=shop, **{**words, "kind": "ad_rewards"})
    elif rule_of == "inactive":
        GrantRule.objects.create(platform=shop, is_active=False, **words)
    key = client_of("", scopes=[Scope.CREDITS_GRANT])
    problem = refused(key, GRANTS, body=event(), expect=(403, "grant_kind_unknown"))
    assert problem["params"] == {"kind": "ad_reward", "platform": "shop"}
    assert "ad_reward" in problem["detail"]
    assert "shop" in problem["detail"]


def test_cap_of_a_user_holds_to_the_last_credit(app: APIClient) -> None:
    assert post(app, event_id="a", amount=45).status_code == 201
    problem = refused(
        app, GRANTS, body=event(event_id="b", amount=6), expect=(409, "grant_cap_reached")
    )
    params = problem["params"]
    resets_at = datetime.fromisoformat(params.pop("resets_at"))
    assert params == {
        "scope": "user", "kind": "ad_reward", "limit": 50, "granted": 45, "amount": 6
    }  # fmt: skip
    assert timedelta(0) < resets_at - datetime.now(UTC) <= timedelta(days=1)
    assert used() == [45, 45], "what is refused counts nothing"
    assert post(app, event_id="b", amount=5).status_code == 201, "its id is not used up"
    assert find_mistakes() == []


def test_cap_of_the_platform_holds_over_all_its_users(app: APIClient) -> None:
    assert post(app, event_id="a", user="alice", amount=50).status_code == 201
    expect = (409, "grant_cap_reached")
    problem = refused(app, GRANTS, body=event(event_id="b", user="bob", amount=31), expect=expect)
    assert (problem["params"]["scope"], problem["params"]["granted"]) == ("platform", 50)
    assert not Purse.objects.filter(user="bob").exists()
    assert post(app, event_id="b", user="bob", amount=30).status_code == 201


def test_amount_above_the_cap_is_refused_at_once(app: APIClient) -> None:
    problem = refused(app, GRANTS, body=event(amount=51), expect=(409, "grant_cap_reached"))
    assert problem["params"]["granted"] == 0
    assert not Count.objects.exists()


def test_caps_begin_anew_with_the_day_of_the_platform(
    app: APIClient, rule: GrantRule, shop: Platform
) -> None:
    Platform.objects.update(time_zone="Pacific/Kiritimati")
    assert post(app, amount=50).status_code == 201
    day = counts.find_window(Period.DAY, "Pacific/Kiritimati")
    assert set(Count.objects.values_list("starts_at", "ends_at")) == {(day.starts_at, day.ends_at)}
    # Yesterday's counts bind nobody.
    Count.objects.update(starts_at=day.starts_at - timedelta(days=1))
    assert post(app, event_id="b", amount=50).status_code == 201


def test_credits_of_a_rule_with_a_lifetime_expire(app: APIClient, rule: GrantRule) -> None:
    GrantRule.objects.update(lifetime_days=7)
    entry = post(app).json()["entry"]
    lot = Lot.objects.annotate(now=Now()).get()
    assert (lot.amount, lot.remaining) == (5, 5)
    assert timedelta(0) <= lot.now + timedelta(days=7) - lot.expires_at < timedelta(minutes=5)
    assert datetime.fromisoformat(entry["expires_at"]) == lot.expires_at
    again = post(app)
    assert (again.status_code, again.json()["entry"]) == (200, entry)
    assert find_mistakes() == []


def test_lifetime_beyond_any_calendar_is_a_century(app: APIClient, rule: GrantRule) -> None:
    GrantRule.objects.update(lifetime_days=2**31 - 1)
    assert post(app).status_code == 201
    assert 2100 < Lot.objects.get().expires_at.year < 9999


def test_users_key_grants_to_its_user_alone(
    client_of: Callable[..., APIClient], rule: GrantRule
) -> None:
    own = client_of("alice", scopes=[Scope.CREDITS_GRANT])
    refused(own, GRANTS, body=event(user="bob"), expect=(403, "wrong_user"))
    assert post(own).status_code == 201
    words = event(event_id="ad-2")
    del words["user"]
    assert own.post(GRANTS, words, format="json").json()["user"] == "alice"


def test_usual_key_may_not_grant(client_of: Callable[..., APIClient], rule: GrantRule) -> None:
    refused(client_of(""), GRANTS, body=event(), expect=(403, "scope_missing"))


RAW = b'{"user": "alice", "kind": "ad_reward", "event_id": "a", "amount": %s}'


@pytest.mark.parametrize(
    "amount",
    ["0", "-1", "-9223372036854775808", "9223372036854775808", "18446744073709551616", "1000000000001", "9" * 400,
     "1.5", "1.0", "1e2", "1e400", '"5"', '""', '"NaN"', "true", "false", "null", "[]", "[5]", "{}"],
    ids=lambda amount: amount[:20],
)  # fmt: skip
def test_amount_that_is_none_is_refused_by_name(app: APIClient, amount: str) -> None:
    refused(app, GRANTS, raw=RAW % amount.encode(), expect=(*NOTHING_DONE, "amount"))


@pytest.mark.parametrize("amount", [b"NaN", b"Infinity", b"-Infinity", b"05", b"0x5", b"5.", b""])
def test_amount_that_is_no_json_is_refused(app: APIClient, amount: bytes) -> None:
    refused(app, GRANTS, raw=RAW % amount, expect=(400, "malformed_body"))


@pytest.mark.parametrize(
    "event_id",
    ["", " ", "a b", " a", "a ", "a\tb", "a\nb", "\0", "a\x7f", "é", "事件", "x" * 201, 5, None, True, [], {}],
    ids=lambda value: ascii(value)[:12],
)  # fmt: skip
def test_event_id_that_is_none_is_refused_by_name(app: APIClient, event_id: Any) -> None:
    refused(app, GRANTS, body=event(event_id=event_id), expect=(*NOTHING_DONE, "event_id"))


@pytest.mark.parametrize("event_id", ["!", "x" * 200, "a:b", "';DROP--", "%00", "~", "A"])
def test_every_visible_event_id_is_its_own(app: APIClient, event_id: str) -> None:
    answers = [post(app, event_id=name).status_code for name in (event_id, event_id, "a")]
    assert answers == [201, 200, 201]


@pytest.mark.parametrize("word", ["amount", "kind", "event_id", "user"])
def test_word_that_lacks_is_named(app: APIClient, word: str) -> None:
    body = event()
    del body[word]
    refused(app, GRANTS, body=body, expect=(*NOTHING_DONE, word))


@pytest.mark.parametrize(
    ("word", "value"),
    [("kind", ""), ("kind", 5), ("kind", "x" * 51), ("kind", "\0"), ("kind", None), ("kind", "\ud800"),
     ("user", ""), ("user", " "), ("user", "a\0"), ("user", "x" * 201), ("user", 5),
     ("reason", 5), ("reason", "x" * 201), ("reason", "\0"),
     ("expires_at", "2030-01-01T00:00:00Z"), ("amounts", 5), ("key", "a")],
    ids=lambda value: ascii(value)[:12],
)  # fmt: skip
def test_word_that_is_wrong_or_unknown_is_refused_by_name(
    app: APIClient, word: str, value: Any
) -> None:
    refused(app, GRANTS, body=event(**{word: value}), expect=(*NOTHING_DONE, word))


def test_purse_that_was_there_keeps_what_it_had(app: APIClient, rich: Callable[..., Purse]) -> None:
    rich("alice", 100)
    answer = post(app).json()
    assert (answer["available"], answer["entry"]["available_after"]) == (105, 105)


def test_cap_that_is_full_takes_the_credits_back(shop: Platform, rule: GrantRule) -> None:
    """The service alone, without a door: what it refuses is undone in its own transaction."""
    ledger.open_purse(shop.pk, "alice")
    app = App(shop.pk, shop.code, shop.time_zone, "gh_tests")
    with nothing_moves(), pytest.raises(GrantCapReached):
        grant_for_event(app, Event(id="a", kind="ad_reward", user="alice", amount=51))
    assert not Count.objects.exists()
    assert not Lot.objects.exists()
