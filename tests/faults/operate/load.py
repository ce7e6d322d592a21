"""Mixed load on a whole hub, as apps make it: each hand orders, waits for the end, and orders again, whatever dies.

An order is sent with one Idempotency-Key until it is taken, as an app does that lost an answer.
"""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx2

from tests.patience import patience

LOCAL, REMOTE = "z-image-small", "soak-remote"
ENDS = {"completed", "failed", "canceled"}
# One picture; what the user of a soak is granted pays for more of them than an hour can make.
PRICE, CREDITS = 10, 10_000_000
REPEAT_SECONDS, LOOK_SECONDS, THINK_SECONDS = 0.5, 0.5, 0.3
# Of a picture that is looked at no more: the hub may be away for as long as its parts need to come back.
GIVE_UP_SECONDS = 300.0
# 409: the first one under this key, whose answer was lost, is still at work.
WORTH_REPEATING = {409, 429, 500, 502, 503, 504}
BATCH = 3


class Refused(AssertionError):
    """The hub refused what it should have taken."""


class Buyer:
    """One app: its client and what it does with it."""

    def __init__(self, port: int, key: str) -> None:
        self.http = httpx2.Client(
            base_url=f"http://127.0.0.1:{port}/api/v1",
            headers={"Authorization": f"Bearer {key}"},
            trust_env=False,
            timeout=patience(30),
        )

    def insist(self, method: str, path: str, words: Any = None, key: str = "") -> Any:
        """Send until the hub answers, under one key; raise Refused for what it will not do, and when it stays away."""
        headers = {"Idempotency-Key": key} if key else {}
        give_up_at = time.monotonic() + patience(GIVE_UP_SECONDS)
        said = "nothing"
        while time.monotonic() < give_up_at:
            try:
                answer = self.http.request(method, path, json=words, headers=headers)
            except httpx2.HTTPError as error:
                said = repr(error)
            else:
                if answer.is_success:
                    return answer.json()
                said = f"{answer.status_code} {answer.text[:500]}"
                if answer.status_code not in WORTH_REPEATING:
                    break
            time.sleep(REPEAT_SECONDS)
        raise Refused(f"{method} {path}: {said}")

    def order(self, key: str, **words: Any) -> str:
        """Order a picture and return its task's id."""
        task_id: str = self.insist("POST", "/generate", words, key)["id"]
        return task_id

    def wait(self, path: str) -> str:
        """Return how a task or batch ended; raise when it never does."""
        give_up_at = time.monotonic() + patience(GIVE_UP_SECONDS)
        while (status := self.insist("GET", path)["status"]) not in ENDS:
            if time.monotonic() > give_up_at:
                raise Refused(f"{path} is {status} after {patience(GIVE_UP_SECONDS):.0f} s")
            time.sleep(LOOK_SECONDS)
        return str(status)


class Load:
    """All hands. `taken` holds each task that the hub answered for, with the kind of its order."""

    def __init__(self, port: int, key: str, seed: int) -> None:
        self.port, self.key, self.random = port, key, random.Random(seed)
        self.taken: dict[str, str] = {}
        self.done: Counter[str] = Counter()
        self.complaints: list[str] = []
        self._numbers = itertools.count(1)
        self._is_over = threading.Event()
        self.picture = self._draw_first()
        hands = [self.draw, self.ask, self.ask, self.edit, self.change_mind, self.order_many]
        self._threads = [threading.Thread(target=self._work, args=[hand]) for hand in hands]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each hand end what it has begun."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def probe(self, buyer: Buyer) -> None:
        """Order one picture of each worker and wait for both."""
        tasks = [self._order(buyer, "probe", **self.words(model)) for model in (LOCAL, REMOTE)]
        for task in tasks:
            buyer.wait(f"/tasks/{task}/status")

    def words(self, model: str) -> dict[str, Any]:
        """Return an order that nothing in the cache answers."""
        number = next(self._numbers)
        if model == LOCAL:
            return {"model": LOCAL, "prompt": f"a red circle {number}", "seed": number, "steps": 4}
        # An order whose answer was lost, because who had sent it was killed, is found there.
        seconds = self.random.choice([0, 1, 3])
        told = f"stub:wait={seconds} stub:found=1" if seconds else "stub:found=1"
        return {"model": REMOTE, "prompt": f"soak {number} {told}", "width": 256, "height": 256}

    def draw(self, buyer: Buyer) -> None:
        """Have the small model draw."""
        buyer.wait(f"/tasks/{self._order(buyer, 'local', **self.words(LOCAL))}/status")

    def ask(self, buyer: Buyer) -> None:
        """Have the vendor draw."""
        buyer.wait(f"/tasks/{self._order(buyer, 'remote', **self.words(REMOTE))}/status")

    def edit(self, buyer: Buyer) -> None:
        """Edit a picture, and ask again as who lost the answer."""
        key = f"soak-{next(self._numbers)}"
        words = {"operations": [{"action": "rotate", "degrees": self.random.randrange(1, 360)}]}
        made = [
            buyer.insist("POST", f"/artifacts/{self.picture}/edits", words, key)["id"]
            for _ in range(2)
        ]
        if len(set(made)) > 1:
            raise Refused(f"one key made two edits: {made}")
        self.done["edits"] += 1

    def change_mind(self, buyer: Buyer) -> None:
        """Order, and cancel while it waits, is drawn, or has just ended."""
        model = self.random.choice([LOCAL, REMOTE])
        task = self._order(buyer, "canceled", **self.words(model))
        time.sleep(self.random.uniform(0, 2))
        try:
            buyer.http.post(f"/tasks/{task}/cancel")
        except httpx2.HTTPError:
            self.done["cancels without an answer"] += 1
        buyer.wait(f"/tasks/{task}/status")

    def order_many(self, buyer: Buyer) -> None:
        """Order a batch and wait for all of it."""
        number = next(self._numbers)
        prompts = [f"batch {number} of {turn} stub:found=1" for turn in range(BATCH)]
        words = {"matrix": {"prompts": prompts}, "order": {"model": REMOTE, "width": 256, "height": 256}}  # fmt: skip
        batch = buyer.insist("POST", "/batches", words, f"soak-{number}")
        for order in batch["orders"]:
            self.taken[order["task_id"]] = "batch"
        buyer.wait(f"/batches/{batch['id']}")

    def _order(self, buyer: Buyer, kind: str, **words: Any) -> str:
        task = buyer.order(f"soak-{next(self._numbers)}", **words)
        if task in self.taken:
            raise Refused(f"two keys got one task: {task}")
        self.taken[task] = kind
        return task

    def _draw_first(self) -> str:
        buyer = Buyer(self.port, self.key)
        task = self._order(buyer, "local", **self.words(LOCAL))
        buyer.wait(f"/tasks/{task}/status")
        picture: str = buyer.insist("GET", f"/tasks/{task}/result")["images"][0]["id"]
        return picture

    def _work(self, hand: Callable[[Buyer], None]) -> None:
        buyer = Buyer(self.port, self.key)
        while not self._is_over.wait(THINK_SECONDS):
            try:
                hand(buyer)
            except Exception as error:  # noqa: BLE001 (whatever it is, the soak tells it)
                self.complaints.append(f"{hand.__name__}: {error!r}")
