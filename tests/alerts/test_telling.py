"""Staff are told by mail and by a signed webhook, once; what fails, hangs or comes back holds up nobody."""

import logging
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from genhub.alerts import channels, telling
from genhub.alerts.models import Notice
from genhub.alerts.telling import Teller
from tests.alerts.conftest import Kind, begin, end, hasten, tell_all, wait_until
from tests.alerts.mailbox import Mailbox
from tests.patience import patience
from tests.webhooks.receiver import Receiver, Says

pytestmark = pytest.mark.django_db(transaction=True)
State = Notice.State


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is due again but what a test hastens, however slow the machine is."""
    monkeypatch.setattr(telling, "DELAYS", (3600,) * 3)


def state_of(channel: str, what: str = "began") -> Notice:
    return Notice.objects.get(channel=channel, what=what)


def test_both_channels_tell_beginning_and_end(
    mailbox: Mailbox, receiver: Receiver, settings: Settings
) -> None:
    alert = begin(Kind.PROVIDER_CLOSED, "acme")
    alert.facts = {"why": "the vendor refuses the key"}
    alert.save()
    tell_all(Teller())
    tell_all(Teller())
    [mail], [told] = mailbox.mails, receiver.told
    assert mail["To"] == "ops@example.com"
    assert mail["Subject"].endswith("] Provider acme takes no orders")
    assert "the vendor refuses the key" in mail.get_content()  # type: ignore[attr-defined]
    payload = told.verify(settings.ALERT_WEBHOOK_SECRET)
    assert (payload["type"], payload["data"]["about"]) == ("alert.began", "acme")
    assert payload["data"]["ended_at"] is None
    end()
    tell_all(Teller())
    assert mailbox.mails[1]["Subject"].endswith("] Over: Provider acme takes no orders")
    assert receiver.told[1].verify(settings.ALERT_WEBHOOK_SECRET)["type"] == "alert.ended"
    assert {notice.state for notice in Notice.objects.all()} == {State.TOLD}
    assert len(mailbox.mails) == len(receiver.told) == 2


def test_words_are_of_the_language_that_staff_chose(mailbox: Mailbox, settings: Settings) -> None:
    settings.ALERT_LANGUAGE = "zh-hans"
    begin()
    tell_all(Teller())
    assert mailbox.mails[0]["Subject"].endswith("] 队列 local 没有工作进程")


def test_a_name_cannot_write_headers(mailbox: Mailbox) -> None:
    begin(Kind.MODEL_BROKEN, "star\r\nBcc: eve@example.com")
    tell_all(Teller())
    assert mailbox.mails[0]["Bcc"] is None
    assert "Bcc: eve@example.com" in mailbox.mails[0]["Subject"]


def test_what_fails_is_tried_again_and_told_once(
    mailbox: Mailbox, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    mailbox.answer = "451 later"
    receiver.says = lambda _told: Says(503)
    begin()
    with caplog.at_level(logging.INFO):
        tell_all(Teller())
    assert state_of("mail").last_error == "the mail server answered 451"
    assert state_of("webhook").last_error.endswith("answered 503")
    # Not at once: later each time.
    tell_all(Teller())
    assert len(receiver.told) == 1
    assert "hush-hush" not in caplog.text
    hasten()
    mailbox.answer = "250 taken"
    receiver.says = lambda _told: Says()
    tell_all(Teller())
    assert {notice.state for notice in Notice.objects.all()} == {State.TOLD}
    # Under one id: a receiver that had it after all knows it.
    assert len({told.id for told in receiver.told}) == 1
    assert len(mailbox.mails) == 1


def test_an_end_is_told_after_its_beginning(receiver: Receiver) -> None:
    receiver.says = lambda _told: Says(503)
    begin()
    tell_all(Teller())
    end()
    receiver.says = lambda _told: Says()
    tell_all(Teller())
    assert state_of("webhook", "ended").state == State.WAITING
    hasten()
    tell_all(Teller())
    assert [told.payload["type"] for told in receiver.told[-2:]] == ["alert.began", "alert.ended"]


def test_a_mail_server_that_hangs_holds_up_neither_the_loop_nor_the_webhook(
    mailbox: Mailbox, receiver: Receiver, settings: Settings
) -> None:
    settings.EMAIL_TIMEOUT = 60
    mailbox.speaks.clear()
    begin()
    teller = Teller()
    # The turn itself returns while mail hangs.
    assert teller.tell_due() == 2
    assert mailbox.asked.wait(patience(10))
    wait_until(lambda: state_of("webhook").state == State.TOLD)
    assert state_of("mail").state == State.WAITING
    # Nobody sends it a second time meanwhile, in this process or another.
    assert teller.tell_due() == 0
    assert Teller().tell_due() == 0
    mailbox.speaks.set()
    wait_until(lambda: state_of("mail").state == State.TOLD)
    wait_until(lambda: not teller.is_busy())
    assert len(mailbox.mails) == 1


def test_a_server_that_never_answers_is_left_after_its_time(
    mailbox: Mailbox, settings: Settings
) -> None:
    settings.EMAIL_TIMEOUT = 1
    mailbox.speaks.clear()
    begin()
    tell_all(Teller())
    assert "timed out" in state_of("mail").last_error
    assert state_of("mail").state == State.WAITING


def test_what_nobody_takes_for_a_day_is_given_up(receiver: Receiver) -> None:
    receiver.says = lambda _told: Says(410)
    begin()
    for _ in range(len(telling.DELAYS) + 3):
        hasten()
        tell_all(Teller())
    assert state_of("webhook").state == State.GIVEN_UP
    assert len(receiver.told) == len(telling.DELAYS) + 1


def test_two_copies_of_the_loop_tell_once(mailbox: Mailbox, receiver: Receiver) -> None:
    begin()
    tellers = [Teller() for _ in range(6)]
    gate = threading.Barrier(len(tellers))

    def turn(teller: Teller) -> None:
        gate.wait()
        teller.tell_due()
        connection.close()

    threads = [threading.Thread(target=turn, args=(teller,)) for teller in tellers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: not any(teller.is_busy() for teller in tellers))
    assert (len(mailbox.mails), len(receiver.told)) == (1, 1)


def test_what_a_dead_process_took_is_due_again(receiver: Receiver) -> None:
    begin()
    taken = telling.claim(channels.Channel.WEBHOOK)
    assert taken
    assert Teller().tell_due() == 0
    hasten()
    tell_all(Teller())
    assert len(receiver.told) == 1
    # Who was thought dead writes nothing any more.
    telling.try_later(taken, "late")
    assert state_of("webhook").state == State.TOLD


def test_command_lists_and_tests(
    mailbox: Mailbox, receiver: Receiver, capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    begin()
    call_command("alerts")
    assert "Queue local has no worker" in capsys.readouterr().out
    call_command("alerts", json=True)
    assert '"kind": "worker_gone"' in capsys.readouterr().out
    call_command("alerts", "test")
    out = capsys.readouterr().out
    assert "mail to ops@example.com by 127.0.0.1" in out
    assert "hush-hush" not in out
    assert receiver.told[0].verify(settings.ALERT_WEBHOOK_SECRET)["type"] == "alert.test"
    assert len(mailbox.mails) == 1
    receiver.says = lambda _told: Says(500)
    with pytest.raises(CommandError, match="not every channel"):
        call_command("alerts", "test")
    assert "answered 500" in capsys.readouterr().out


def test_command_says_that_nobody_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("alerts")
    assert "Nobody is told" in capsys.readouterr().out
    with pytest.raises(CommandError, match="ALERT_MAIL_TO or ALERT_WEBHOOK_URL"):
        call_command("alerts", "test")
