"""The adapter: a picture or a clip is one prompt in the server's queue."""

import base64
import datetime
import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PIL import Image

from generation.providers.base import (
    AccountSettings,
    CancelOutcome,
    Capabilities,
    Found,
    Lost,
    Submitted,
    Usage,
    Waiting,
    Work,
)
from generation.providers.clips import clip_from
from generation.providers.envelope import explain
from generation.providers.errors import BadOptions, Forgotten, ProviderError, Unsupported
from generation.providers.files import encode_input, file_from
from generation.providers.http import VendorApi, lost, unreadable
from generation.providers.several import FAILED, SEPARATOR, OneByOne, Picture
from generation.providers.sorting import Meaning, Said, ended, not_ordered, says_any
from generation.providers.vendors.comfyui.answers import (
    CLIPS,
    Created,
    Entry,
    Prompt,
    Queue,
    Stats,
    Ticket,
    Uploaded,
)
from generation.providers.vendors.comfyui.progress import hear_progress
from generation.providers.vendors.comfyui.workflow import Workflow
from generation.spec import OPTIONS, PICTURES, ModelCard

POLL_SECONDS = 2.0
CLIENT = "genhub"
REFUSALS = ("nsfw", "content policy", "moderation")
# Prompts that are looked at for a lost one; and so far may our clock and the server's be apart.
MOST_CANDIDATES = 200
APART = datetime.timedelta(minutes=1)


class ComfyUIProvider(OneByOne):
    """Makes pictures and clips by workflows."""

    capabilities = Capabilities(
        makes=frozenset({"image", "video"}),
        takes=frozenset(OPTIONS),
        cancels=True,
        finds_lost=True,
    )

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        self.api = VendorApi(account, account.base_url, headers_of(account.key), explain)

    @classmethod
    def takes_of(cls, card: ModelCard) -> frozenset[str]:
        """Return what a model's workflow has places for; raise BadOptions."""
        workflow = Workflow.of(card)
        workflow.check_shape(card)
        return cls.capabilities.takes & workflow.places.keys()

    def check(self) -> Mapping[str, Any]:
        """Ask what the server is."""
        told = self.api.get("system_stats").parse(Stats)
        return {
            "version": told.system.comfyui_version,
            "devices": [device.name for device in told.devices],
        }

    def submit_one(self, work: Work) -> Submitted:
        """Put one prompt into the queue, its pictures before."""
        workflow = workflow_of(work.card)
        words = workflow.words_of(work)
        workflow.check_pictures(work)
        for name in PICTURES:
            if (image := getattr(work, name)) is not None:
                words[name] = self.hand_over(image)
        body = {
            "prompt": workflow.fill(words),
            "prompt_id": prompt_id_of(work.reference),
            "client_id": CLIENT,
        }
        prompt = self.api.order("prompt", Created, json=body).prompt_id
        if not prompt:
            raise lost("taken without an id")
        ticket = Ticket(prompt, words.get("seed"), workflow.output)
        return Submitted(ticket.to_id(), POLL_SECONDS)

    def hand_over(self, image: Image.Image) -> str:
        """Return what nodes call an input picture, once the server has it; raise ProviderError: nothing is ordered
        then."""
        data = encode_input(image)
        # Named by its content: the server keeps the same one once.
        name = f"{CLIENT}-{hashlib.sha256(data).hexdigest()[:32]}.png"
        files = {"image": (name, data, "image/png")}
        try:
            return self.api.post("upload/image", files=files).parse(Uploaded).place
        except ProviderError as error:
            raise not_ordered(error) from error

    def poll_one(self, remote_id: str) -> Waiting | Picture:
        """Ask for one prompt."""
        ticket = Ticket.from_id(remote_id)
        entry, running = self.find(ticket)
        if entry is None or entry.state not in {"success", "error"}:
            if running is None:
                return Waiting(poll_after_seconds=POLL_SECONDS)
            done = hear_progress(self.api, CLIENT, ticket.prompt, running.nodes)
            return Waiting(done, POLL_SECONDS)
        if entry.state == "error":
            raise self.meaning_of(entry.find_failure())
        name, path = entry.find_file(ticket.output)
        if not path:
            raise unreadable("done without a file that is a picture or an MP4")
        is_clip = name.lower().endswith(CLIPS)
        content = clip_from(self.api, path) if is_clip else file_from(self.api, path)
        return Picture(content, ticket.seed, usage=Usage(pictures=1))

    def poll_many(self, remote_ids: Sequence[str]) -> Mapping[str, Waiting]:
        """Ask for the queue: what waits there has not begun."""
        pending = {prompt.id for prompt in self.api.get("queue").parse(Queue).queue_pending}
        return {
            remote_id: Waiting(poll_after_seconds=POLL_SECONDS)
            for remote_id in remote_ids
            if SEPARATOR not in remote_id and Ticket.from_id(remote_id).prompt in pending
        }

    def find(self, ticket: Ticket) -> tuple[Entry | None, Prompt | None]:
        """Return what the history says of a prompt, and the prompt where it runs, neither for one that waits; raise
        Forgotten for one that the server has nowhere, also after it may have gone from the queue into the history."""
        if entry := self.entry_of(ticket):
            return entry, None
        queue = self.api.ask("queue", Queue)
        if running := find_among(ticket, queue.queue_running):
            return None, running
        if find_among(ticket, queue.queue_pending):
            return None, None
        if entry := self.entry_of(ticket):
            return entry, None
        raise Forgotten(f"neither in the queue nor in the history: {ticket.prompt}")

    def entry_of(self, ticket: Ticket) -> Entry | None:
        """Return what the history tells of a prompt."""
        return self.api.ask(ticket.path, dict[str, Entry]).get(ticket.prompt)

    def meaning_of(self, said: Said) -> ProviderError:
        """Return what it means that a prompt came to nothing."""
        refusals = (*REFUSALS, *self.account.options.get("refusals", ()))
        meaning = Meaning.REFUSED if says_any(said.message, refusals) else None
        return ended(replace(said, meaning=meaning))

    def cancel_one(self, remote_id: str) -> CancelOutcome:
        """Take a prompt out of the queue, which is free; stop it where it is the one that runs."""
        ticket = Ticket.from_id(remote_id)
        if find_among(ticket, self.api.ask("queue", Queue).queue_pending):
            self.api.post("queue", json={"delete": [ticket.prompt]})
        # It may have begun in this moment.
        if find_among(ticket, self.api.ask("queue", Queue).queue_running):
            self.api.post("interrupt", json={"prompt_id": ticket.prompt})
            return CancelOutcome.BILLED
        return CancelOutcome.BILLED if self.entry_of(ticket) else CancelOutcome.FREE

    def find_lost(self, order: Lost) -> list[Found]:
        """List the prompts that may be a lost order: the one of its id, else those with the very words."""
        prompts = list(self.list_prompts())
        own = prompt_id_of(reference_of(order)) if order.reference else ""
        if mine := [one for one in prompts if one[0].id == own]:
            return [look_at(prompt, state, order) for prompt, state in mine]
        begin, end = order.sent_at - APART, order.until + APART
        return [
            found
            for prompt, state in prompts
            if has_words(prompt, order)
            and (
                (found := look_at(prompt, state, order)).created_at is None
                or begin <= found.created_at <= end
            )
        ]

    def list_prompts(self) -> Iterator[tuple[Prompt, str]]:
        """Yield what the server knows of, and where each stands."""
        queue = self.api.get("queue").parse(Queue)
        yield from ((prompt, "running") for prompt in queue.queue_running)
        yield from ((prompt, "queued") for prompt in queue.queue_pending)
        history = self.api.get(f"history?max_items={MOST_CANDIDATES}").parse(dict[str, Entry])
        yield from ((entry.prompt, entry.state) for entry in history.values() if entry.prompt)


def headers_of(key: str) -> dict[str, str]:
    """Return what a proxy before the server is told: user and password, or a token."""
    if not key:
        return {}
    if ":" in key:
        return {"authorization": f"Basic {base64.b64encode(key.encode()).decode()}"}
    return {"authorization": f"Bearer {key}"}


def prompt_id_of(reference: str) -> str:
    """Return the id of an order's prompt, the same however often it is sent."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, reference) if reference else uuid.uuid4())


def reference_of(order: Lost) -> str:
    """Return what the first prompt of a lost order was known by: of several only the first can be lost, and no other
    went."""
    return order.reference if order.spec.number == 1 else f"{order.reference}-0"


def workflow_of(card: ModelCard) -> Workflow:
    """Return a model's workflow; raise Unsupported where no order can be made with it."""
    try:
        return Workflow.of(card)
    except BadOptions as error:
        raise Unsupported(f"workflow: {error}") from error


def find_among(ticket: Ticket, prompts: list[Prompt]) -> Prompt | None:
    """Return a prompt of these, None where it is none of them."""
    return next((prompt for prompt in prompts if prompt.id == ticket.prompt), None)


def has_words(prompt: Prompt, order: Lost) -> bool:
    """Return whether a prompt says the words of a lost order where its workflow has them."""
    workflow = workflow_of(order.card)
    told = [
        prompt.nodes.get(node, {}).get("inputs", {}).get(field)
        for node, field in workflow.places["prompt"]
    ]
    return set(told) == {order.spec.prompt}


def look_at(prompt: Prompt, state: str, order: Lost) -> Found:
    """Return a prompt as the lost order that it may be; an id of ours proves itself, whatever its clock says."""
    created_at = None
    if order.reference and prompt.id == prompt_id_of(reference_of(order)):
        created_at = order.sent_at
    elif prompt.created_at_ms is not None:
        created_at = datetime.datetime.fromtimestamp(prompt.created_at_ms / 1000, datetime.UTC)
    workflow = workflow_of(order.card)
    ticket = Ticket(prompt.id, seed_in(prompt, workflow), workflow.output)
    others = [f"{FAILED}answer_lost"] * (order.spec.number - 1)
    return Found(SEPARATOR.join([ticket.to_id(), *others]), state, created_at, is_same_prompt=True)


def seed_in(prompt: Prompt, workflow: Workflow) -> int | None:
    """Return the seed that a prompt was sent with."""
    for node, field in workflow.places.get("seed", ()):
        found = prompt.nodes.get(node, {}).get("inputs", {}).get(field)
        if isinstance(found, int):
            return found
    return None
