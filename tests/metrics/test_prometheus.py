"""A real Prometheus reads a real hub as `deploy/` configures it: rules and board get what they ask for."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from rest_framework.test import APIClient

from generation.life.attempt_ends import complete
from generation.models import Account
from tests.beats import let_loops_be_well
from tests.faults.processes import flower_on, running, wait_until
from tests.front.web import serving
from tests.metrics.prometheus import DEPLOY, FOLDER, Prometheus, promtool, watching
from tests.ports import free_port
from tests.steps import claim, collect, submit

# As deploy/environment.example has it.
FLOWER = {"FLOWER_BASIC_AUTH": "staff:secret", "FLOWER_URL_PREFIX": "flower"}
# Figures that a hub with one order has; the other panels wait for what has not happened.
TOLD = {"Orders a second", "Answers a second", "Order to picture: mean, P50, P95, P99", "Orders that wait",
        "Loops that turn", "Credits an hour", "Webhooks: how late", "Stages of an attempt, mean"}  # fmt: skip


def test_rules_and_configuration_are_what_prometheus_reads() -> None:
    promtool("check", "config", FOLDER / "prometheus.yml")
    promtool("check", "rules", FOLDER / "alerts.yml")


@pytest.mark.whole
@pytest.mark.django_db(transaction=True)
def test_what_is_asked_of_a_running_hub_is_answered(
    alice: APIClient, stub: Account, tmp_path: Path
) -> None:
    let_loops_be_well()
    port = free_port()
    with (
        serving(tmp_path / "web.log") as web,
        running(tmp_path / "flower.log", *flower_on(port), **FLOWER),
        watching(tmp_path, hub=web.port, flower=port) as prometheus,
    ):
        wait_until(lambda: prometheus.is_up("genhub"), 60, "a scrape of the hub")
        wait_until(lambda: prometheus.is_up("flower"), 60, "a scrape of Flower")
        for _ in range(2):
            submit(alice)
        found = claim()
        complete(found, collect(found))
        # A rate needs the figure before and after.
        orders = "sum(rate(genhub_orders_total[5m])) + sum(genhub_waiting) > 0"
        wait_until(lambda: prometheus.query(orders) != [], 120, "two scrapes of an order")
        check_rules(prometheus)
        check_board(prometheus)


def check_rules(prometheus: Prometheus) -> None:
    def read() -> list[Any]:
        return [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]

    wait_until(lambda: all(rule["health"] != "unknown" for rule in read()), 60, "every rule's turn")
    written: Any = yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))
    names = {rule["alert"] for group in written["groups"] for rule in group["rules"]}
    assert {rule["name"]: rule.get("lastError", "") for rule in read()} == dict.fromkeys(names, "")
    # Its audit is missing, and a worker: no more is wrong with this hub.
    assert {rule["name"] for rule in read() if rule["state"] != "inactive"} <= {"GenHubNoWorker"}


def check_board(prometheus: Prometheus) -> None:
    board: Any = json.loads((DEPLOY / "grafana/genhub.json").read_text("utf-8"))
    found = {
        panel["title"]: [prometheus.query(target["expr"]) for target in panel["targets"]]
        for panel in board["panels"]
    }
    assert len(found) == len(board["panels"])
    assert {title for title in TOLD if not all(found[title])} == set()
