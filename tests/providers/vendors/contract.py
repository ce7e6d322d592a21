"""What every adapter must do, whatever its vendor does: one class of tests, which each adapter's own test wears."""

import base64
import io
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any, ClassVar

import pytest
from PIL import Image

from generation.providers import http
from generation.providers.base import (
    AccountSettings,
    Finished,
    Provider,
    Submitted,
    VendorFile,
    Waiting,
    Work,
)
from generation.providers.errors import Fault, ProviderError, Sent
from generation.providers.registry import find_class
from generation.providers.several import OneByOne
from generation.spec import OPTIONS, REFERENCES, GenerationSpec, ModelCard
from tests.patience import patience, slowness
from tests.ports import free_port
from tests.providers.vendors.server import (
    Asked,
    Cut,
    Hang,
    Reply,
    Server,
    Silence,
    Stall,
)
from tests.providers.vendors.spoiled import Spoiled

HTML = b"<html><body><h1>Bad gateway</h1></body></html>"
PAGE = {"content-type": "text/html"}
# Polls of one test: an adapter that never ends fails it.
MOST_POLLS = 20


@cache
def picture(kind: str = "png", size: tuple[int, int] = (64, 64)) -> bytes:
    """Return a picture as a file."""
    file = io.BytesIO()
    Image.effect_noise(size, 40).convert("RGB").save(file, kind)
    return file.getvalue()


def b64(kind: str = "png") -> str:
    """Return a picture in base64."""
    return base64.b64encode(picture(kind)).decode()


class ProviderContract(Spoiled):
    """Worn by the test class of each adapter, which says what its vendor answers.

    `respond` is the vendor in good health: create, poll, result, for as many pictures as are asked for. The replies are
    what the vendor says when it refuses. `created` counts the paid requests among those that came.
    """

    adapter: ClassVar[str]
    options: ClassVar[dict[str, Any]] = {}
    card: ClassVar[ModelCard] = ModelCard("any", vendor_model="vendor-model")
    # What the vendor says in its own words.
    refusal: ClassVar[Reply]
    bad_key: ClassVar[Reply]
    no_quota: ClassVar[Reply]
    busy: ClassVar[Reply]
    broken: ClassVar[Reply]
    # Whether one answer ends an order, or it is polled for.
    is_synchronous: ClassVar[bool] = True
    # What differs from what the adapter says of itself: two pictures that are one call, what tells the cost.
    makes_two_at_once: ClassVar[bool] = False
    cost: ClassVar[str] = ""
    # Of what its vendor does to anybody's picture, a model that does it each.
    treating: ClassVar[dict[str, ModelCard]] = {}

    def respond(self, asked: Asked) -> Reply:
        """Answer as the vendor does that is in good health."""
        raise NotImplementedError

    def encoded(self) -> tuple[str, ...]:
        """Return in base64 the pictures that vendors in good health make, where their answers hold them."""
        return b64(), b64("jpeg"), b64("webp")

    def is_create(self, asked: Asked) -> bool:
        """Return whether a request is one that is paid for."""
        return asked.method == "POST"

    def check_request(self, asked: Asked) -> None:
        """Raise for what the vendor's own SDK could not send; where it has no types, the tests of bodies say it all."""

    def options_of_check(self, server: Server) -> dict[str, Any]:
        """Return what an account says besides for its key to be proved here."""
        return {}

    @pytest.fixture
    def server(self) -> Iterator[Server]:
        with Server(self.respond).running() as server:
            yield server
        for asked in server.asked:
            self.check_request(asked)

    @pytest.fixture
    def provider(self, server: Server) -> Provider:
        return self.make(server.url)

    def make(self, base_url: str, **words: Any) -> Provider:
        """Return the adapter of an account at a vendor that lives there."""
        account = AccountSettings(
            alias="acc",
            base_url=base_url,
            key="secret-key-of-the-test",
            options=self.options,
            answer_seconds=words.pop("answer_seconds", patience(20)),
            private_hosts=frozenset({"127.0.0.1"}),
        )
        return find_class(self.adapter)(replace(account, **words))

    def work(self, number: int = 1, **words: Any) -> Work:
        """Return an order that the adapter takes: with none of the words that its vendor has not."""
        spec = GenerationSpec("image", "any", "a star", "", 1024, 1024, number=number)
        spec = replace(spec, **words)
        return Work(spec, self.card, lambda done, preview=None: None, reference="att_1")

    def finish(self, provider: Provider, work: Work) -> Finished:
        """Return what becomes of an order, asking as long as the vendor works."""
        told = provider.submit(work)
        remote_id = told.remote_id if isinstance(told, Submitted) else ""
        outcome: Submitted | Waiting | Finished = told
        for _ in range(MOST_POLLS):
            if isinstance(outcome, Finished):
                return outcome
            outcome = provider.poll(remote_id)
        raise AssertionError(f"not finished after {MOST_POLLS} polls: {outcome}")

    def fail(self, provider: Provider, work: Work | None = None) -> ProviderError:
        """Return how an order fails."""
        with pytest.raises(ProviderError) as caught:
            self.finish(provider, work or self.work())
        return caught.value

    def creates(self, server: Server) -> int:
        """Return how many paid requests came."""
        return sum(self.is_create(asked) for asked in server.asked)

    def test_order_is_made_by_one_create(self, server: Server, provider: Provider) -> None:
        finished = self.finish(provider, self.work())
        assert [made.position for made in finished.made] == [0]
        assert finished.not_made == []
        content = finished.made[0].content
        assert isinstance(content, VendorFile)
        with content.open() as file:
            assert Image.open(file).size == (64, 64)
        assert self.creates(server) == 1

    def test_two_pictures_are_two(self, server: Server, provider: Provider) -> None:
        finished = self.finish(provider, self.work(2))
        assert [made.position for made in finished.made] == [0, 1]

    def test_one_of_two_that_the_vendor_does_not_take_is_named(
        self, server: Server, provider: Provider
    ) -> None:
        """Where each picture is a call of its own; where one call makes both, both are there."""
        came: list[Asked] = []

        def respond(asked: Asked) -> Reply:
            if self.is_create(asked):
                came.append(asked)
                if len(came) == 2:
                    return Reply(422, {})
            return self.respond(asked)

        server.respond = respond
        work = self.work(2)
        finished = self.finish(provider, work)
        made = [one.position for one in finished.made]
        missing = [(one.position, one.code) for one in finished.not_made]
        if len(came) == 2:
            assert (made, missing) == ([0], [(1, "provider_refused")])
        else:
            assert (made, missing) == (list(range(work.spec.number)), [])

    def test_key_is_in_no_address_and_no_error(self, server: Server, provider: Provider) -> None:
        self.finish(provider, self.work())
        assert all("secret-key" not in asked.path for asked in server.asked)
        server.faults = [self.bad_key]
        assert "secret-key" not in str(self.fail(provider))
        assert "secret-key" not in repr(provider.account)

    def test_check_says_that_the_key_is_bad(self, server: Server) -> None:
        provider = self.make(server.url, options={**self.options, **self.options_of_check(server)})
        server.faults = [self.bad_key]
        with pytest.raises(ProviderError) as caught:
            provider.check()
        assert caught.value.fault is Fault.KEY
        assert len(server.asked) == 1

    def test_adapter_is_able_to_what_it_says(self, provider: Provider) -> None:
        def has(*names: str) -> bool:
            own = (getattr(type(provider), name, None) for name in names)
            common = {getattr(base, name, None) for base in (Provider, OneByOne) for name in names}
            return not set(own) <= common

        told = provider.capabilities
        assert told.is_remote
        assert told.cancels == has("cancel", "cancel_one")
        assert told.finds_lost == has("find_lost")
        assert told.calls_back == has("parse_callback")

    def test_cost_is_told_as_it_says(self, provider: Provider) -> None:
        usage = self.finish(provider, self.work()).usage
        told = {"told": usage.cost_usd, "tokens": usage.output_tokens}
        first = next((name for name, value in told.items() if value is not None), "listed")
        assert first == (self.cost or provider.capabilities.cost)

    def test_pictures_of_an_order_are_as_many_calls_as_it_says(
        self, server: Server, provider: Provider
    ) -> None:
        work = self.work(2)
        self.finish(provider, work)
        is_together = self.makes_two_at_once or not isinstance(provider, OneByOne)
        assert self.creates(server) == (1 if is_together else work.spec.number)

    def test_refusal_is_the_order_s_own(self, server: Server, provider: Provider) -> None:
        server.faults = [self.refusal]
        error = self.fail(provider)
        assert (error.code, error.retryable, error.fault) == (
            "content_refused",
            False,
            Fault.ORDER,
        )

    @pytest.mark.parametrize("name", ["bad_key", "no_quota", "busy"])
    def test_key_rests_and_the_order_may_go_with_another(
        self, server: Server, provider: Provider, name: str
    ) -> None:
        server.faults = [getattr(self, name)]
        error = self.fail(provider)
        assert (error.retryable, error.sent, error.fault) == (True, Sent.NO, Fault.KEY)
        assert self.creates(server) == 1

    @pytest.mark.parametrize("told", ["7", "0.5", "date"])
    def test_busy_vendor_says_how_long(self, server: Server, provider: Provider, told: str) -> None:
        headers = {"retry-after": told}
        if told == "date":
            headers = {
                "retry-after": "Sat, 28 Nov 2026 10:00:07 GMT",
                "date": "Sat, 28 Nov 2026 10:00:00 GMT",
            }
        server.faults = [replace(self.busy, headers=headers)]
        error = self.fail(provider)
        assert error.retry_after_seconds == (0.5 if told == "0.5" else 7)

    def test_own_failure_may_be_tried_again(self, server: Server, provider: Provider) -> None:
        for status in (500, 503):
            server.faults = [replace(self.broken, status=status)]
            error = self.fail(provider)
            assert (error.retryable, error.sent, error.fault) == (True, Sent.NO, Fault.ACCOUNT)

    @pytest.mark.parametrize(
        "fault",
        [
            Reply(502, HTML, PAGE),
            Reply(504, HTML, PAGE),
            Reply(520, HTML, PAGE),
            Reply(500, HTML, PAGE),
            Reply(503, b"upstream connect error", PAGE),
            Reply(504, {"error": {"message": "gateway"}}),
            Reply(408, {}),
            Silence(),
            Cut(body={"some": "words" * 50}),
        ],
        ids=str,
    )
    def test_lost_answer_leaves_open_what_the_vendor_has(
        self, server: Server, provider: Provider, fault: Reply
    ) -> None:
        server.faults = [fault]
        error = self.fail(provider)
        assert (error.sent, error.fault) == (Sent.MAYBE, Fault.ACCOUNT)
        assert self.creates(server) == 1

    @pytest.mark.parametrize("fault", [Hang(), Stall(body={"some": "words" * 50})], ids=str)
    def test_answer_that_never_ends_is_lost(self, server: Server, fault: Reply) -> None:
        server.faults = [fault]
        error = self.fail(self.make(server.url, answer_seconds=0.6 * slowness()))
        assert error.sent is Sent.MAYBE
        assert self.creates(server) == 1

    def test_what_was_never_sent_may_be_sent_again(self) -> None:
        error = self.fail(self.make(f"http://127.0.0.1:{free_port()}"))
        assert (error.retryable, error.sent, error.fault) == (True, Sent.NO, Fault.ACCOUNT)

    def test_other_4xx_is_final(self, server: Server, provider: Provider) -> None:
        server.faults = [Reply(404, {}), Reply(422, HTML, PAGE)]
        for _ in range(2):
            error = self.fail(provider)
            assert (error.code, error.retryable) == ("provider_refused", False)

    @pytest.mark.parametrize(
        "body",
        [HTML, b"", b"[" * 100_000, b'{"data": [', b'"\xff"', b"null", b"[]"],
        ids=["html", "empty", "deep", "broken", "not-utf8", "null", "list"],
    )
    def test_answer_that_nobody_can_read_is_paid_and_not_ordered_again(
        self, server: Server, provider: Provider, body: bytes
    ) -> None:
        server.faults = [Reply(200, body)]
        error = self.fail(provider)
        assert (error.code, error.retryable) == ("provider_answer_unreadable", False)
        assert error.is_billed
        assert self.creates(server) == 1

    def test_endless_answer_is_not_read(
        self, server: Server, provider: Provider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http, "MOST_ANSWER_BYTES", 2**20)
        server.faults = [Reply(200, b"[" + b" " * (3 * 2**20))]
        assert self.fail(provider).code == "provider_answer_unreadable"

    def test_redirect_takes_no_key_elsewhere(self, server: Server, provider: Provider) -> None:
        with Server(self.respond).running() as elsewhere:
            server.faults = [Reply(307, b"", {"location": elsewhere.url})]
            self.fail(provider)
            assert elsewhere.asked == []

    def test_option_that_the_vendor_lacks_is_named(
        self, server: Server, provider: Provider
    ) -> None:
        grey = Image.new("L", (64, 64), 255)
        said = {
            "negative_prompt": self.work(negative_prompt="blurry"),
            "steps": self.work(steps=5),
            "cfg_scale": self.work(cfg_scale=3.0),
            "seed": self.work(seeds=(7,)),
            "image": replace(self.work(), image=grey.convert("RGB")),
            "mask": replace(self.work(), image=grey.convert("RGB"), mask=grey),
            "strength": replace(self.work(strength=0.4), image=grey.convert("RGB")),
            "last_image": replace(self.work(last_image="art_1"), last_image=grey),
            "audio": self.work(audio=True),
        }
        assert set(said) == set(OPTIONS)
        said[REFERENCES] = replace(self.work(), references=(grey.convert("RGB"),))
        takes = type(provider).capabilities.takes
        assert takes <= set(OPTIONS)
        several = {REFERENCES} if type(provider).capabilities.most_references else set()
        for name in {*OPTIONS, REFERENCES} - takes - several:
            error = self.fail(provider, said[name])
            of_picture = name in {"mask", "strength"}
            assert name in str(error) or (of_picture and "image" in str(error))
            assert (error.code, error.sent) == ("provider_unsupported", Sent.NO)
        assert server.asked == []
