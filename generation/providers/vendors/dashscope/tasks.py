"""Tasks of DashScope, of pictures as of clips: taken, stopped and listed."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from generation.providers.base import AccountSettings, CancelOutcome, Lost
from generation.providers.errors import ProviderError
from generation.providers.http import VendorApi, lost
from generation.providers.listing import ROWS_A_PAGE, most_pages
from generation.providers.sorting import ended, sort_status
from generation.providers.vendors.dashscope.answers import (
    VENDOR_ZONE,
    Answer,
    Listed,
    Output,
    Tasks,
    Ticket,
    explain,
    said_of,
)

BASE_URL = "https://dashscope.aliyuncs.com/api/v1"
ENDED = {"FAILED", "CANCELED"}
UNDER_WAY = ("RUNNING", "PENDING")
# What the vendor's clock and ours may differ by.
SLACK = datetime.timedelta(seconds=90)
# Tasks that are looked at for a lost one: each is asked for.
MOST_CANDIDATES = 20


def make_api(account: AccountSettings) -> VendorApi:
    """Return the vendor's API as an account reaches it."""
    headers = {"authorization": f"Bearer {account.key}"}
    if workspace := account.options.get("workspace"):
        headers["x-dashscope-workspace"] = str(workspace)
    return VendorApi(account, account.base_url or BASE_URL, headers, explain)


def count_tasks(api: VendorApi) -> Mapping[str, Any]:
    """Ask how many tasks there are of the last day: the cheapest question that needs the key."""
    return {"tasks": api.get("tasks?page_no=1&page_size=1").parse(Tasks).total}


def order_task(api: VendorApi, path: str, body: Mapping[str, Any]) -> str:
    """Send an order that the vendor works on, and return its task."""
    answer = api.order(path, Answer, json=body, headers={"x-dashscope-async": "enable"})
    task = checked(answer, lost).task_id
    if not task:
        raise lost("a receipt without a task")
    return task


def checked(answer: Answer, unclear: Callable[[str], ProviderError]) -> Output:
    """Return what a create says; raise what it means when it is an error that came as a success."""
    if answer.code:
        raise sort_status(400, {}, said_of(answer))
    if answer.output is None:
        raise unclear("an answer without an output")
    return answer.output


def ask_task(api: VendorApi, ticket: Ticket) -> Answer | None:
    """Return what a task made, None while it is under way; raise ProviderError for one that failed or is unknown."""
    answer = api.ask(ticket.path, Answer)
    output = answer.output
    if output is None or output.task_status == "UNKNOWN":
        raise lost(f"no such task: {answer.code} {answer.message}")
    if output.task_status in ENDED:
        raise ended(said_of(output))
    return answer if output.task_status == "SUCCEEDED" else None


def stop(api: VendorApi, ticket: Ticket) -> CancelOutcome:
    """Stop a task that has not begun; one that has goes on, and is paid for."""
    try:
        api.post(f"{ticket.path}/cancel")
    except ProviderError as error:
        if error.code != "provider_refused":
            raise
        output = api.ask(ticket.path, Answer).output
        status = output.task_status if output else None
        if status in {None, "UNKNOWN"}:
            return CancelOutcome.UNKNOWN
        return CancelOutcome.FREE if status in ENDED else CancelOutcome.BILLED
    return CancelOutcome.FREE


def list_tasks(api: VendorApi, order: Lost) -> list[Listed]:
    """Return the tasks of the model and the time of a lost order."""
    begins, ends = order.sent_at - SLACK, order.until + SLACK
    query = {
        "page_no": 1,
        "page_size": MOST_CANDIDATES,
        "model_name": order.card.vendor_model or order.card.alias,
        "start_time": f"{begins.astimezone(VENDOR_ZONE):%Y%m%d%H%M%S}",
        "end_time": f"{ends.astimezone(VENDOR_ZONE):%Y%m%d%H%M%S}",
    }
    page = api.get("tasks", params=query).parse(Tasks)
    return page.data or page.tasks or []


def list_under_way(api: VendorApi, remote_ids: Sequence[str]) -> set[str]:
    """Return those orders that the vendor's list of what is under way names, as far as it is worth reading."""
    wanted = {Ticket.from_id(remote_id).task: remote_id for remote_id in remote_ids}
    found: set[str] = set()
    pages = most_pages(remote_ids)
    for status in UNDER_WAY:
        for page_no in range(1, pages + 1):
            query = {"page_no": page_no, "page_size": ROWS_A_PAGE, "status": status}
            page = api.get("tasks", params=query).parse(Tasks)
            rows = page.data or page.tasks or []
            found |= {
                wanted[row.task_id]
                for row in rows
                if row.task_id in wanted and (row.status or row.task_status or status) in UNDER_WAY
            }
            if len(rows) < ROWS_A_PAGE or len(found) == len(wanted):
                break
    return found
