"""The statement as a file: every row of one moment, harmless in a spreadsheet, and small in memory."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils import translation
from rest_framework.test import APIClient

from credits import export, ledger
from credits.entries import Filters
from credits.export import COLUMNS, defuse, stream_entries
from credits.models import Kind, Purse, Transfer
from genhub.platforms.models import Platform
from tests.api.refusals import check_problem

pytestmark = pytest.mark.django_db

EXPORT = "/api/v1/credits/entries.csv"
FORMULA = '=HYPERLINK("http://evil.example","Click, please")'


def grant(purse: Purse, number: int, reason: str = "a reason") -> None:
    ledger.grant(purse.pk, number, key=f"{purse.pk}:{number}", why=ledger.Why("olga", reason))


def rows_of(lines: Any) -> list[dict[str, str]]:
    data = b"".join(line.encode() if isinstance(line, str) else line for line in lines)
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.fixture
def purse(shop: Platform) -> Purse:
    return ledger.open_purse(shop.pk, "alice")


def test_file_holds_what_the_pages_say(client_of: Callable[..., APIClient], purse: Purse) -> None:
    for number in (5, 7, 9):
        grant(purse, number, "spring sale")
    ledger.adjust(purse.pk, -3, key="a", why=ledger.Why("olga", "a typing mistake, see ticket 5"))
    reader = client_of("alice")
    answer = reader.get(EXPORT)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="entries-alice.csv"'
    assert answer.headers["Cache-Control"] == "no-store"
    rows = rows_of(answer)
    items = reader.get("/api/v1/credits/entries").json()["items"]
    written = [{name: "" if v is None else str(v) for name, v in item.items()} for item in items]
    assert rows == [{"user": "alice", **item} for item in written]
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["available_change"] == "-3", "a plain number stays one"


def test_filters_narrow_the_file(client_of: Callable[..., APIClient], purse: Purse) -> None:
    grant(purse, 5)
    ledger.adjust(purse.pk, -3, key="a", why=ledger.Why("olga", "a typing mistake"))
    rows = rows_of(client_of("").get(EXPORT, {"user": "alice", "kind": "adjust"}))
    assert [row["kind"] for row in rows] == ["adjust"]


def test_reason_and_user_that_are_formulas_are_made_harmless(
    client_of: Callable[..., APIClient], shop: Platform
) -> None:
    grant(ledger.open_purse(shop.pk, FORMULA), 5, FORMULA)
    answer = client_of("").get(EXPORT, {"user": FORMULA})
    [row] = rows_of(answer)
    assert row["user"] == row["reason"] == f"'{FORMULA}"
    assert "=" not in answer.headers["Content-Disposition"].partition("filename=")[2]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_cell_that_begins_like_a_formula_gets_an_apostrophe(first: str) -> None:
    assert defuse(f"{first}SUM(A1)") == f"'{first}SUM(A1)"
    assert defuse(f"a{first}1") == f"a{first}1"
    assert defuse(first) == f"'{first}"


@pytest.mark.parametrize("cell", [-5, 0, 5, "-5", "+5", "-1.50", "5"])
def test_plain_number_stays_plain(cell: Any) -> None:
    assert defuse(cell) == str(cell)


@pytest.mark.parametrize("cell", ["-5\n", "-5+cmd|' /C calc'!A0", "+5e3", "--5", "-٣", "-5 ", "-."])
def test_what_only_begins_like_a_number_is_harmless_too(cell: str) -> None:
    assert defuse(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "reason", ['a "quoted" one', "one, two", "line\nbreak", "图片反了", "a\r\nb;c"]
)
def test_any_reason_comes_back_as_it_was(purse: Purse, reason: str) -> None:
    grant(purse, 5, reason)
    [row] = rows_of(stream_entries(purse.pk, Filters()))
    assert row["reason"] == reason


def test_user_the_hub_never_saw_gets_the_header_alone(client_of: Callable[..., APIClient]) -> None:
    answer = client_of("stranger").get(EXPORT)
    assert b"".join(answer).decode("utf-8-sig") == ",".join(COLUMNS) + "\r\n"


def test_caller_may_ask_for_csv_by_name_and_refusals_stay_problems(
    client_of: Callable[..., APIClient], purse: Purse
) -> None:
    platform = client_of("")
    assert platform.get(EXPORT, {"user": "alice"}, HTTP_ACCEPT="text/csv").status_code == 200
    answer = platform.get(EXPORT, HTTP_ACCEPT="text/csv")
    check_problem(answer, 400, "invalid_request", "user")
    check_problem(platform.get(EXPORT, HTTP_ACCEPT="image/png"), 406, "not_acceptable")


def test_file_is_of_one_moment(purse: Purse, monkeypatch: pytest.MonkeyPatch) -> None:
    """What moves while it is read is not in it, on whatever read of the stream it falls."""
    monkeypatch.setattr(export, "ROWS_A_READ", 2)
    for number in range(1, 6):
        grant(purse, number)
    lines = stream_entries(purse.pk, Filters())
    grant(purse, 100)
    seen = [next(lines)]
    for line in lines:
        seen.append(line)
        grant(purse, 100 + len(seen))
    assert [row["amount"] for row in rows_of(seen)] == ["5", "4", "3", "2", "1"]
    assert Transfer.objects.count() == 11


def test_file_is_read_a_few_rows_at_a_time(
    purse: Purse, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(export, "ROWS_A_READ", 10)
    for number in range(1, 26):
        grant(purse, number)
    # The purse, and four reads: 10, 10, 5 and no rows.
    with django_assert_num_queries(5):
        lines = list(stream_entries(purse.pk, Filters()))
    assert len(lines) == 26
    with django_assert_num_queries(1):
        begun = stream_entries(purse.pk, Filters())
        assert next(begun).startswith("\ufeffuser,")
    with django_assert_num_queries(1):
        assert [next(begun) for _ in range(10)] == lines[1:11]


def test_stream_keeps_the_language_of_its_caller(purse: Purse) -> None:
    move = ledger.Why(ledger.SYSTEM, "ai_generation")
    ledger.grant(purse.pk, 5, key="a", why=move)
    with translation.override("zh-hans"):
        chinese = stream_entries(purse.pk, Filters(kind=Kind.GRANT))
    with translation.override("en"):
        english = rows_of(stream_entries(purse.pk, Filters()))
        rows = rows_of(chinese)
        assert translation.get_language() == "en", "the reader's own language is left alone"
    assert english[0]["reason"] == "generation"
    assert rows[0]["reason"] != "generation"


def test_no_transaction_stays_open_while_the_reader_takes_its_time(
    transactional_db: None, shop: Platform
) -> None:
    purse = ledger.open_purse(shop.pk, "alice")
    grant(purse, 5)
    lines: Iterator[str] = stream_entries(purse.pk, Filters())
    next(lines)
    assert not connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors")
        assert cursor.fetchone() == (0,)
