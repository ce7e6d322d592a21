"""The rules and the board that ship: each asks for figures that the hub tells."""

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Metric

from genhub.metrics import hub
from genhub.metrics.registry import REGISTRY

pytestmark = pytest.mark.django_db
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
NAME = re.compile(r"\bgenhub_\w+")
# What a histogram tells of its figure.
PARTS = ("", "_bucket", "_sum", "_count", "_total")


def told() -> set[str]:
    """Return every name that the hub may tell, with labels or none yet."""
    # As the web server does, by its settings.
    import_module("genhub.metrics.answers")
    families: list[Metric] = list(REGISTRY.collect())
    of_workers = {name for _, name, _ in hub.OF_WORKER}
    audits = {"genhub_audit_findings", "genhub_audit_timestamp_seconds"}
    return {f"{family.name}{part}" for family in families for part in PARTS} | of_workers | audits


def expressions() -> list[str]:
    """Return what rules and panels ask for."""
    rules: Any = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text("utf-8"))
    board: Any = json.loads((DEPLOY / "grafana/genhub.json").read_text("utf-8"))
    return [
        *(rule["expr"] for group in rules["groups"] for rule in group["rules"]),
        *(target["expr"] for panel in board["panels"] for target in panel["targets"]),
    ]


def test_rules_and_panels_ask_for_what_is_told() -> None:
    asked = {name for expression in expressions() for name in NAME.findall(expression)}
    assert len(asked) > 20
    assert asked - told() == set()


def test_what_is_told_of_the_hub_is_shown_somewhere() -> None:
    asked = " ".join(expressions())
    shown = {family.name for family in REGISTRY.collect() if family.name.startswith("genhub_")}
    assert {name for name in shown if name not in asked} == set()
