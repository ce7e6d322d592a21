"""Each alert rule fires beyond its threshold and stays silent within it: promtool plays the series to it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.metrics.prometheus import FOLDER, promtool

# Long after every rule's patience; one sample a minute.
MINUTES = 60
WEB = 'instance="web:8000"'


@dataclass(frozen=True)
class Case:
    """Series that leave a rule silent, series that let it fire, and what it says then."""

    rule: str
    silent: dict[str, str]
    firing: dict[str, str]
    summary: str
    labels: dict[str, str]
    severity: str = "warning"


def still(value: float) -> str:
    """Return a figure that stays what it is."""
    return f"{value}x{MINUTES}"


def rising(each: float) -> str:
    """Return a counter that grows by so much a minute."""
    return f"0+{each}x{MINUTES}"


def hub(name: str, value: str, labels: str = "") -> dict[str, str]:
    """Return one series of a web server's."""
    return {f"{name}{{{WEB}{',' if labels else ''}{labels}}}": value}


def parts(name: str, bad: float, labels: tuple[str, str]) -> dict[str, str]:
    """Return two counters of which the first makes `bad` per cent of both."""
    first, other = labels
    return hub(name, rising(bad), first) | hub(name, rising(100 - bad), other)


READY = hub("genhub_worker_ready", still(1), 'worker="a",queue="local"')
UNREADY = hub("genhub_worker_ready", still(0), 'worker="a",queue="local"')
WAITING = hub("genhub_waiting", still(3), 'queue="local"')
ENDS = ('state="failed"', 'state="completed"')
CALLS = ('provider="fal",state="failed"', 'provider="fal",state="succeeded"')
ANSWERS = ('status="500"', 'status="200"')
USED, QUOTA = (
    "genhub_storage_bytes",
    hub("genhub_storage_quota_bytes", still(1000), 'platform="shop"'),
)
QUEUE, FAL, LOOP = {"queue": "local"}, {"provider": "fal"}, 'loop="reap"'
AGED = "genhub_oldest_waiting_seconds"
AUDITED = "genhub_audit_timestamp_seconds"
HELD_UP = 'kind="queue",name="local",state="paused"'
HOUR = 3600

CASES = [
    Case("GenHubAway", {f'up{{job="genhub",{WEB}}}': still(1)}, {f'up{{job="genhub",{WEB}}}': still(0)},
         "web:8000 does not answer.", {"job": "genhub", "instance": "web:8000"}, "critical"),
    Case("GenHubNoWorker", WAITING | READY, WAITING | UNREADY,
         "Orders wait in local, and no worker takes them.", QUEUE, "critical"),
    Case("GenHubQueueStuck", hub(AGED, still(900), 'queue="local"'), hub(AGED, still(901), 'queue="local"'),
         "The oldest order in local waits for 15m 1s.", QUEUE),
    Case("GenHubTasksFail", parts("genhub_tasks_ended_total", 20, ENDS), parts("genhub_tasks_ended_total", 25, ENDS),
         "25% of tasks fail.", {}),
    Case("GenHubProviderFails", parts("genhub_calls_total", 50, CALLS), parts("genhub_calls_total", 75, CALLS),
         "75% of the calls of fal fail.", FAL),
    Case("GenHubLoopLate", hub("genhub_loop_ok", still(1), LOOP), hub("genhub_loop_ok", still(0), LOOP),
         "The loop reap does not turn: see its log.", {"loop": "reap"}, "critical"),
    Case("GenHubOrdersInDoubt", hub("genhub_under_way", still(9), 'provider="fal",state="waiting"'),
         hub("genhub_under_way", still(2), 'provider="fal",state="unknown"'),
         "2 orders may be at fal: staff decide in the admin.", FAL),
    Case("GenHubHeldUp", hub("genhub_held_up", still(0), HELD_UP), hub("genhub_held_up", still(1), HELD_UP),
         "The queue local is paused: its orders wait.", {"kind": "queue", "name": "local", "state": "paused"}),
    Case("GenHubBooksWrong", hub("genhub_audit_findings", still(0)), hub("genhub_audit_findings", still(1)),
         "The audit found 1 mistakes in the books.", {}, "critical"),
    # Series begin at the epoch: so many seconds ago is before it.
    Case("GenHubAuditOld", hub(AUDITED, still(HOUR - 48 * HOUR)), hub(AUDITED, still(-48 * HOUR)),
         "The books were last audited 2d 1h 0m 0s ago.", {}),
    Case("GenHubWebhooksLag", hub("genhub_webhooks_lag_seconds", still(300)),
         hub("genhub_webhooks_lag_seconds", still(330)), "Webhooks are 5m 30s late.", {}),
    Case("GenHubErrors", parts("genhub_http_requests_total", 5, ANSWERS), parts("genhub_http_requests_total", 10, ANSWERS),
         "10% of answers are server errors.", {}),
    Case("GenHubCardHot", hub("genhub_gpu_temperature_celsius", still(87), 'worker="a"'),
         hub("genhub_gpu_temperature_celsius", still(88), 'worker="a"'), "The card of a is at 88 °C.", {"worker": "a"}),
    Case("GenHubWorkersDie", hub("genhub_leases_lost_total", rising(0.2)), hub("genhub_leases_lost_total", rising(1)),
         "15 orders lost their worker within 15 minutes.", {}),
    Case("GenHubQueueFull", hub("genhub_refusals_total", rising(9), 'code="invalid_request"'),
         hub("genhub_refusals_total", rising(1), 'code="queue_full"'),
         "Orders are refused, since too many wait.", {}),
    Case("GenHubStorageFull", hub(USED, still(900), 'platform="shop",kind="image"') | QUOTA,
         hub(USED, still(700), 'platform="shop",kind="image"') | hub(USED, still(250), 'platform="shop",kind="video"')
         | QUOTA, "shop has used 95% of its storage.", {"platform": "shop"}),
    Case("GenHubAlertOpen", hub("genhub_alerts_open", still(0), 'kind="disk_low"'),
         hub("genhub_alerts_open", still(1), 'kind="disk_low"'),
         "The hub itself says disk_low: see its alerts.", {"kind": "disk_low"}),
]  # fmt: skip


def play(case: Case, *, firing: bool) -> dict[str, Any]:
    """Return a case as promtool reads it."""
    told = {
        "exp_labels": {"severity": case.severity, **case.labels},
        "exp_annotations": {"summary": case.summary},
    }
    series = case.firing if firing else case.silent
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [
            {
                "eval_time": f"{MINUTES}m",
                "alertname": case.rule,
                "exp_alerts": [told] if firing else [],
            }
        ],
    }


def test_each_rule_fires_beyond_its_threshold_and_not_within(tmp_path: Path) -> None:
    tests = [play(case, firing=firing) for case in CASES for firing in (False, True)]
    path = tmp_path / "alerts.test.yml"
    path.write_text(yaml.safe_dump({"rule_files": [str(FOLDER / "alerts.yml")], "tests": tests}))
    promtool("test", "rules", path)


def test_every_rule_is_tried() -> None:
    rules: Any = yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))
    names = [rule["alert"] for group in rules["groups"] for rule in group["rules"]]
    assert names == [case.rule for case in CASES]
