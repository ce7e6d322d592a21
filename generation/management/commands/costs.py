"""`manage.py costs`: what orders cost the operator, and what is left of what they brought in."""

import json
import re
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from generation.selectors.closed_days import find_today
from generation.selectors.costs import (
    GROUPS,
    MOST_DAYS,
    CostSum,
    Period,
    add_up,
    last_days,
    plain,
    sum_costs,
)
from genhub.lib.commands import HubCommand

DAYS = re.compile(r"(\d{1,4})d?")
COLUMNS = ("", "orders", "pictures", "USD", "a picture", "unknown", "given up", "credits", "income", "margin")  # fmt: skip


class Command(HubCommand):
    """Add up what orders cost, by provider, model, platform or day."""

    help = (
        "Say what orders cost in US dollars, by days of the hub's zone. Orders of unknown cost are counted apart, never as 0; the "
        "margin is known when every cost is, and what each platform pays for a credit."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the words of the command line."""
        parser.add_argument("--since", type=read_since, default="30", metavar="DAY|DAYS",
                            help="the first day, such as 2026-11-01, or how many days with today; 30")  # fmt: skip
        parser.add_argument("--by", choices=list(GROUPS), default="provider")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each, and the sum of all."""
        period = Period(options["since"], find_today())
        rows = sum_costs(options["by"], period)
        total = replace(add_up(rows), name="all")
        if options["json"]:
            answer = {
                "since": period.first.isoformat(),
                "by": options["by"],
                "rows": [row.to_json() for row in rows],
                "total": total.to_json(),
            }
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
            return
        lines = [COLUMNS, *(cells(row) for row in (*rows, total))]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for first, *others in lines:
            numbers = (text.rjust(width) for text, width in zip(others, widths[1:], strict=True))
            self.stdout.write("  ".join([first.ljust(widths[0]), *numbers]))


def cells(row: CostSum) -> tuple[str, ...]:
    """Return a line's texts; “?”: not known."""
    amounts = (row.known_usd, row.average_usd), (row.given_up_usd,), (row.revenue_usd, row.margin_usd)  # fmt: skip
    cost, given_up, income = (
        tuple("?" if usd is None else plain(usd) for usd in part) for part in amounts
    )
    return (
        row.name, str(row.attempts), str(row.pictures), *cost, str(row.unknown), *given_up,
        str(row.credits), *income,
    )  # fmt: skip


def read_since(text: str) -> date:
    """Return the first day of a period; raise ArgumentTypeError for what is none."""
    if days := DAYS.fullmatch(text):
        number = int(days[1])
        if 1 <= number <= MOST_DAYS:
            return last_days(number).first
        raise ArgumentTypeError(f"{text}: from 1 to {MOST_DAYS} days")
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 (a day of the hub's zone)
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is neither a day such as 2026-11-01 nor a number of days") from error  # fmt: skip
