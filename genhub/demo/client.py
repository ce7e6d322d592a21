"""The demo's app: it speaks to the hub over HTTP and knows nothing that any other app would not."""

import logging
import uuid
from types import TracebackType
from typing import Any

import httpx2

from genhub.embedded.errors import HubError

REQUEST_SECONDS = 30.0

# One line for every poll would bury the progress bar.
logging.getLogger("httpx2").setLevel(logging.WARNING)

# What the API answers; the demo reads it like any client, without the hub's own types.
Answer = dict[str, Any]


class DemoClient:
    """Submits an order, follows it, fetches the picture, asks for the credits."""

    def __init__(self, base_url: str, key: str) -> None:
        # A proxy of the environment has no business between two programs of one machine.
        self._http = httpx2.Client(
            base_url=base_url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=REQUEST_SECONDS,
            trust_env=False,
        )

    def __enter__(self) -> "DemoClient":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def submit(self, prompt: str, seed: int | None) -> Answer:
        """Order one picture and return the task as accepted."""
        order = {"prompt": prompt} | ({} if seed is None else {"seed": seed})
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return self._answer(self._ask("POST", "/api/v1/generate", json=order, headers=headers))

    def task(self, task_id: str) -> Answer:
        """Return the task as it stands."""
        return self._answer(self._ask("GET", f"/api/v1/tasks/{task_id}"))

    def credits(self) -> Answer:
        """Return the balance of the key's user."""
        return self._answer(self._ask("GET", "/api/v1/credits"))

    def link(self, artifact_id: str) -> str:
        """Return a fresh signed link to a picture."""
        response = self._ask("GET", f"/api/v1/artifacts/{artifact_id}")
        if not response.has_redirect_location:
            raise HubError(f"{response.url} answered {response.status_code} without a link")
        return str(response.url.join(response.headers["Location"]))

    def download(self, link: str) -> bytes:
        """Return the bytes behind a signed link, which needs no key."""
        with httpx2.Client(timeout=REQUEST_SECONDS, trust_env=False) as http:
            try:
                return http.get(link).raise_for_status().content
            except httpx2.HTTPError as error:
                raise HubError(f"the picture's link does not work: {error}") from error

    def _ask(self, method: str, path: str, **content: Any) -> httpx2.Response:
        try:
            response = self._http.request(method, path, **content)
        except httpx2.HTTPError as error:
            raise HubError(f"{method} {path}: the web server does not answer ({error})") from error
        if response.is_error:
            raise HubError(
                f"{method} {path} answered {response.status_code}: {response.text[:500]}"
            )
        return response

    def _answer(self, response: httpx2.Response) -> Answer:
        try:
            answer: Answer = response.json()
        except ValueError as error:
            raise HubError(f"{response.url} did not answer with JSON") from error
        return answer
