"""Midjourney, by way of a proxy."""

import json
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from generation.providers.base import (
    CancelOutcome,
    Finished,
    Provider,
    Waiting,
    Work,
)
from generation.providers.errors import Fault, Sent, Unsupported
from generation.providers.further import TASKS
from tests.providers.vendors.contract import HTML
from tests.providers.vendors.polled import PolledContract
from tests.providers.vendors.proxy import Job, Proxy, receipt, task
from tests.providers.vendors.server import Asked, Reply, Server


class TestMidjourney(PolledContract):
    """Grids, and what is done with one of their pictures."""

    adapter = "midjourney"
    callback = b'{"id": "17", "status": "SUCCESS"}'
    refusal = task("FAILURE", failReason="Banned prompt detected")
    bad_key = Reply(
        401, {"error": {"code": "", "message": "invalid token", "type": "new_api_error"}}
    )
    no_quota = replace(receipt(4, "quota_not_enough"), status=403)
    busy = replace(receipt(23, "队列已满"), status=429)
    broken = replace(receipt(9, "no answer from Discord"), status=500)
    unknown = task("MODAL")
    failed = task("FAILURE", failReason="timeout")

    @pytest.fixture(autouse=True)
    def _proxy(self) -> None:
        self.proxy = Proxy()

    def is_create(self, asked: Asked) -> bool:
        return "/submit/" in asked.path

    def respond(self, asked: Asked) -> Reply:
        return self.proxy.respond(asked)

    def follow_up(self, **words: Any) -> Work:
        return self.work(options={"of": "17", "action": "upscale", "index": 2} | words)

    def test_words_are_flags_of_the_prompt(self, server: Server, provider: Provider) -> None:
        card = replace(self.card, options={"flags": "--v 7", "speed": "fast"})
        work = self.work(width=1344, height=768, seeds=(2**32 + 7,), negative_prompt="blur,\nfog")
        work = replace(work, card=card, callback_url="https://hub.example/call")
        finished = self.finish(provider, work)
        assert server.asked[0].path == "/mj-fast/mj/submit/imagine"
        assert server.asked[0].json == {
            "prompt": "a star --ar 7:4 --seed 7 --v 7 --no blur, fog", "state": "att_1",
            "notifyHook": "https://hub.example/call",
        }  # fmt: skip
        assert server.asked[0].headers["mj-api-secret"] == "secret-key-of-the-test"
        assert (finished.made[0].seed, finished.facts) == (7, {"tasks": ["0"]})

    def test_picture_to_start_from_is_sent_as_data(
        self, server: Server, provider: Provider
    ) -> None:
        self.finish(provider, replace(self.work(), image=Image.new("RGB", (64, 64))))
        (sent,) = server.asked[0].json["base64Array"]
        assert sent.startswith("data:image/png;base64,")

    def test_id_of_the_proxy_leaves_its_place_in_no_address(
        self, server: Server, provider: Provider
    ) -> None:
        server.faults = [receipt(1, result="../a,b")]
        remote_id = self.ordered(provider)
        provider.poll(remote_id)
        assert server.asked[1].path == "/mj/task/..%2Fa%2Cb/fetch"

    def test_follow_up_names_the_id_as_the_proxy_gave_it(
        self, server: Server, provider: Provider
    ) -> None:
        server.faults = [receipt(1, result="a,b")]
        remote_id = self.ordered(provider)
        self.proxy.jobs["a%2Cb"] = Job("IMAGINE", "a star", asked_for=1)
        done = provider.poll(remote_id)
        assert isinstance(done, Finished)
        assert done.facts == {TASKS: ["a,b"]}

    def test_progress_is_told(self, provider: Provider) -> None:
        outcome = provider.poll(self.ordered(provider))
        assert isinstance(outcome, Waiting)
        assert outcome.progress == 0.35

    @pytest.mark.parametrize(
        ("action", "body"),
        [
            ("upscale", {"taskId": "17", "action": "UPSCALE", "index": 2}),
            ("variation", {"taskId": "17", "action": "VARIATION", "index": 2}),
            ("reroll", {"taskId": "17", "action": "REROLL"}),
        ],
    )
    def test_order_goes_on_with_a_grid(
        self, server: Server, provider: Provider, action: str, body: dict[str, Any]
    ) -> None:
        self.proxy.jobs["17"] = Job("IMAGINE", "a star --seed 7")
        finished = self.finish(provider, self.follow_up(action=action))
        assert finished.made[0].seed is None, "no seed makes it again"
        assert server.asked[0].path == "/mj/submit/change"
        assert server.asked[0].json == {**body, "state": "att_1"}
        assert self.creates(server) == 1

    def test_same_action_again_is_the_task_that_exists(
        self, server: Server, provider: Provider
    ) -> None:
        self.proxy.jobs["17"] = Job("IMAGINE", "a star")
        told = [provider.submit(self.follow_up()) for _ in range(2)]
        assert told[0] == told[1]
        assert self.finish(provider, self.follow_up()).made

    def test_grid_that_is_gone_is_the_order_s_own_failure(
        self, server: Server, provider: Provider
    ) -> None:
        error = self.fail(provider, self.follow_up())
        told = (error.code, error.retryable, error.fault)
        assert told == ("provider_refused", False, Fault.ORDER)

    def test_what_can_be_done_is_what_is_done(self, provider: Provider) -> None:
        follow_ups = provider.capabilities.follow_ups
        assert {one.action for one in follow_ups} == {"upscale", "variation", "reroll"}
        for one in follow_ups:
            self.proxy.jobs["17"] = Job("IMAGINE", "a star")
            index = {"index": one.parts} if one.parts else {}
            work = self.work(options={"of": "17", "action": one.action, **index})
            [remote_id] = self.finish(provider, work).facts[TASKS]
            # What the contract says of the picture that comes of it, the proxy says, too.
            again = self.work(options={"of": remote_id, "action": "reroll"})
            if one.is_last:
                assert self.fail(provider, again).code == "provider_refused"
            else:
                assert self.finish(provider, again).made

    @pytest.mark.parametrize(
        ("words", "name"),
        [
            ({"action": "fly"}, "action"),
            ({"index": 5}, "index"),
            ({"index": "U2"}, "index"),
            ({"of": ""}, "of"),
            ({"of": {"a": 1}}, "of"),
            ({"zoom": 2}, "zoom"),
        ],
    )
    def test_follow_up_that_means_nothing_is_refused_by_name(
        self, server: Server, provider: Provider, words: dict[str, Any], name: str
    ) -> None:
        with pytest.raises(Unsupported, match=f"^{name}"):
            provider.submit(self.follow_up(**words))
        assert server.asked == []

    def test_follow_up_is_of_one_picture_and_takes_no_other_words(
        self, server: Server, provider: Provider
    ) -> None:
        follow_up = self.follow_up()
        several = replace(follow_up, spec=replace(follow_up.spec, number=2))
        seeded = replace(follow_up, spec=replace(follow_up.spec, seeds=(7,)))
        for work, name in ((several, "number"), (seeded, "seed")):
            with pytest.raises(Unsupported, match=f"^{name}"):
                provider.submit(work)
        with pytest.raises(Unsupported, match=r"^index"):
            provider.submit(self.work(options={"index": 2}))
        assert server.asked == []

    def test_speed_that_nobody_sells_is_refused(self, server: Server, provider: Provider) -> None:
        card = replace(self.card, options={"speed": "../../admin"})
        with pytest.raises(Unsupported, match="speed"):
            provider.submit(replace(self.work(), card=card))
        assert server.asked == []

    @pytest.mark.parametrize(
        ("answer", "code", "sent", "fault"),
        [
            (receipt(24, "可能包含敏感词"), "content_refused", Sent.YES, Fault.ORDER),
            (receipt(4, "prompt is empty"), "provider_refused", Sent.YES, Fault.ORDER),
            (receipt(4, "用户额度不足"), "provider_unavailable", Sent.NO, Fault.KEY),
            (receipt(23, "队列已满"), "provider_unavailable", Sent.NO, Fault.KEY),
            (receipt(3, "无可用的账号实例"), "provider_unavailable", Sent.NO, Fault.ACCOUNT),
            (receipt(1, "taken"), "provider_unavailable", Sent.MAYBE, Fault.ACCOUNT),
            (receipt(99), "provider_unavailable", Sent.MAYBE, Fault.ACCOUNT),
        ],
    )
    def test_code_of_a_success_says_what_it_means(
        self, server: Server, provider: Provider, answer: Reply, code: str, sent: Sent, fault: Fault
    ) -> None:  # fmt: skip
        server.faults = [answer]
        error = self.fail(provider)
        assert (error.code, error.sent, error.fault) == (code, sent, fault)
        assert self.creates(server) == 1

    @pytest.mark.parametrize(
        ("before", "answer", "outcome"),
        [
            ("SUBMITTED", receipt(1), CancelOutcome.FREE),
            ("IN_PROGRESS", receipt(1), CancelOutcome.UNKNOWN),
            ("IN_PROGRESS", receipt(9), CancelOutcome.BILLED),
            ("SUBMITTED", Reply(404, {}), CancelOutcome.BILLED),
        ],
    )
    def test_cancel_says_what_it_costs(
        self, server: Server, provider: Provider, before: str, answer: Reply, outcome: CancelOutcome
    ) -> None:  # fmt: skip
        remote_id = self.ordered(provider)
        server.faults = [task(before), answer]
        assert provider.cancel(remote_id) is outcome

    def test_callback_is_a_hint_and_no_more(self, server: Server, provider: Provider) -> None:
        body = json.dumps({"id": "17", "status": "SUCCESS", "imageUrl": "http://evil/x"}).encode()
        assert provider.parse_callback({}, body).remote_id == "17"
        for forged in (b"", b"{}", b"[]", b"null", b"[" * 100_000, b'{"', b"\xff", HTML):
            with pytest.raises(ValueError, match=r"no (callback|id)"):
                provider.parse_callback({}, forged)
        assert server.asked == []

    def test_check_needs_the_key_and_says_what_this_is(
        self, server: Server, provider: Provider
    ) -> None:
        assert provider.check() == {"tasks": 0, "unofficial": True}
        assert self.creates(server) == 0
