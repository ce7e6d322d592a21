"""The adapter: one call or several, at once or as tasks."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from generation.providers.base import (
    AccountSettings,
    CancelOutcome,
    Capabilities,
    Finished,
    Found,
    Lost,
    Made,
    NotMade,
    Submitted,
    Usage,
    Waiting,
    Work,
)
from generation.providers.files import data_uri, file_of_url
from generation.providers.http import unreadable
from generation.providers.several import FAILED, SEPARATOR, OneByOne, Picture
from generation.providers.sorting import ended
from generation.providers.vendors.dashscope.answers import (
    Answer,
    Counted,
    Listed,
    Output,
    Ticket,
    code_of,
    read_time,
    results_of,
    said_of,
)
from generation.providers.vendors.dashscope.tasks import (
    BASE_URL,
    ask_task,
    checked,
    count_tasks,
    list_tasks,
    make_api,
    order_task,
    stop,
)
from generation.providers.wording import list_pictures, options_of, refuse_words
from generation.spec import REFERENCES, GenerationSpec, ModelCard

SYNC, TASK, SYNTHESIS = "sync", "task", "synthesis"
PATHS = {
    SYNC: "services/aigc/multimodal-generation/generation",
    TASK: "services/aigc/image-generation/generation",
    SYNTHESIS: "services/aigc/text2image/image-synthesis",
}
OLD_WAN = re.compile(r"wan(x|2\.[0-5]-)")
MOST_WAN_PICTURES = 4
POLL_SECONDS = 2.0


class DashScopeProvider(OneByOne):
    """Makes and edits pictures, at once or as tasks."""

    capabilities = Capabilities(
        takes=frozenset({"negative_prompt", "seed", "image"}),
        needs_key=True,
        cancels=True,
        finds_lost=True,
        most_references=2,
    )
    base_url = BASE_URL

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        self.api = make_api(account)

    def check(self) -> Mapping[str, Any]:
        """Ask how many tasks there are of the last day: the cheapest question that needs the key."""
        return count_tasks(self.api)

    def submit(self, work: Work) -> Submitted | Finished:
        """Order the pictures in one call where the model draws so many and none has a seed of its own, else by one."""
        return self.create(work) if is_one_call(work.spec, work.card) else super().submit(work)

    def submit_one(self, work: Work) -> Submitted | Picture:
        """Order one picture."""
        outcome = self.create(work)
        return outcome if isinstance(outcome, Submitted) else picture_of(outcome)

    def create(self, work: Work) -> Submitted | Finished:
        """Send an order."""
        way, body = way_of(work.card), body_of(work)
        ticket = Ticket("", work.spec.number, body["parameters"].get("seed"))
        if way == SYNC:
            answer = self.api.post(PATHS[way], json=body).parse(Answer)
            checked(answer, unreadable)
            return self.read(answer, ticket)
        task = order_task(self.api, PATHS[way], body)
        return Submitted(replace(ticket, task=task).to_id(), POLL_SECONDS)

    def poll(self, remote_id: str) -> Waiting | Finished:
        """Ask for the task, or for each of several."""
        return super().poll(remote_id) if SEPARATOR in remote_id else self.ask(remote_id)

    def poll_one(self, remote_id: str) -> Waiting | Picture:
        """Ask for one of several tasks."""
        outcome = self.ask(remote_id)
        return outcome if isinstance(outcome, Waiting) else picture_of(outcome)

    def ask(self, remote_id: str) -> Waiting | Finished:
        """Ask for a task."""
        ticket = Ticket.from_id(remote_id)
        answer = ask_task(self.api, ticket)
        return self.read(answer, ticket) if answer else Waiting(poll_after_seconds=POLL_SECONDS)

    def cancel_one(self, remote_id: str) -> CancelOutcome:
        """Stop a task that has not begun; one that has goes on, and is paid for."""
        return stop(self.api, Ticket.from_id(remote_id))

    def find_lost(self, order: Lost) -> list[Found]:
        """List the tasks of the model and the time, and ask each for its prompt; the newer ways do not tell it."""
        found = [self.look_at(task, order) for task in list_tasks(self.api, order)]
        return sorted(found, key=lambda one: one.rank)

    def look_at(self, task: Listed, order: Lost) -> Found:
        """Return a task as the order that it may be: of several calls only the first can be lost, and no other went."""
        output = self.api.ask(Ticket(task.task_id).path, Answer).output or Output()
        prompts = {result.orig_prompt for result in output.results or []} - {None}
        spec = order.spec
        is_whole = is_one_call(spec, order.card)
        seed = options_of(spec).get("seed")
        ticket = Ticket(task.task_id, spec.number if is_whole else 1, seed)
        others = [] if is_whole else [f"{FAILED}answer_lost"] * (spec.number - 1)
        return Found(
            SEPARATOR.join([ticket.to_id(), *others]),
            output.task_status or task.status or task.task_status or "",
            read_time(task.gmt_create, output.submit_time),
            spec.prompt in prompts if prompts else None,
        )

    def read(self, answer: Answer, ticket: Ticket) -> Finished:
        """Return the pictures of an answer; raise ProviderError when it holds none."""
        results = results_of(answer.output or Output())[: ticket.number or None]
        made = [
            Made(
                position,
                file_of_url(result.url, self.account),
                # Of several pictures of one call, the vendor draws from seeds that it does not tell.
                ticket.seed if position == 0 else None,
                result.actual_prompt or "",
            )
            for position, result in enumerate(results)
            if result.url
        ]
        missing = [
            NotMade(p, code_of(result)) for p, result in enumerate(results) if not result.url
        ]
        if not made:
            raise ended(said_of(results[0])) if results else unreadable("no picture in the answer")
        missing += [NotMade(p, "generation_failed") for p in range(len(results), ticket.number)]
        counted = answer.usage or Counted()
        pictures = counted.image_count or counted.output_image_count or len(made)
        return Finished(made, missing, usage=Usage(pictures))


def way_of(card: ModelCard) -> str:
    """Return how a model answers: what can be asked for, found and cancelled is better than one long call."""
    model = card.vendor_model or card.alias
    usual = SYNTHESIS if OLD_WAN.match(model) else TASK if model.startswith("wan") else SYNC
    return str(card.options.get("way", usual))


def is_one_call(spec: GenerationSpec, card: ModelCard) -> bool:
    """Return whether one call makes the whole order: the model draws so many, and each from any seed."""
    usual = MOST_WAN_PICTURES if (card.vendor_model or card.alias).startswith("wan") else 1
    most = int(card.options.get("most_pictures", usual))
    return spec.number == 1 or (spec.number <= most and not spec.seeds)


def body_of(work: Work) -> dict[str, Any]:
    """Return the body of a create; raise Unsupported, naming what the model does not take."""
    spec, card = work.spec, work.card
    is_old = way_of(card) == SYNTHESIS
    takes = DashScopeProvider.capabilities.takes
    refuse_words(work, takes - {"image"} if is_old else takes | {REFERENCES})
    parameters: dict[str, Any] = {
        "size": f"{spec.width}*{spec.height}",
        "prompt_extend": bool(card.options.get("prompt_extend", False)),
    }
    if spec.number > 1:
        parameters["n"] = spec.number
    if spec.seeds:
        parameters["seed"] = options_of(spec)["seed"]
    if "watermark" in card.options:
        parameters["watermark"] = card.options["watermark"]
    content = [{"image": data_uri(one)} for one in list_pictures(work)]
    messages = [{"role": "user", "content": [*content, {"text": spec.prompt}]}]
    words: dict[str, Any] = {"prompt": spec.prompt} if is_old else {"messages": messages}
    if spec.negative_prompt:
        (words if is_old else parameters)["negative_prompt"] = spec.negative_prompt
    return {
        "model": card.vendor_model or card.alias,
        "input": words,
        "parameters": parameters,
    }


def picture_of(finished: Finished) -> Picture:
    """Return the one picture of a call."""
    made = finished.made[0]
    return Picture(made.content, made.seed, made.revised_prompt, finished.usage)
