"""The manifests: what kustomize makes of them is what Kubernetes takes, and each pod is locked down."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.deploy.images import DOCKERFILE, ROOT, read_images
from tests.metrics.test_deploy import told

FOLDER = ROOT / "deploy" / "kubernetes"
# Not of Kubernetes itself: its schema is not there.
KEDA = "ScaledObject"
PODS = ("Deployment", "Job")
# The oldest and the newest releases that its makers still mend, and the newest that the schemas know.
RELEASES = ("1.34", "1.35", "1.37")
Manifest = dict[str, Any]


def render(folder: Path) -> list[Manifest]:
    """Return what kubectl makes of a kustomization."""
    program = Path(sys.executable).with_name("kubectl")
    done = subprocess.run(
        [program, "kustomize", folder], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return list(yaml.safe_load_all(done.stdout))


@cache
def manifests() -> tuple[Manifest, ...]:
    """Return all manifests, with Flower's, as a cluster gets them."""
    return tuple(render(FOLDER))


@pytest.fixture
def with_flower(tmp_path: Path) -> list[Manifest]:
    """What who wants Flower gets, too."""
    for path in FOLDER.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    path = tmp_path / "kustomization.yaml"
    path.write_text(path.read_text().replace("scaling.yaml]", "scaling.yaml, flower.yaml]"))
    return render(tmp_path)


def find(kind: str, name: str = "") -> list[Manifest]:
    return [
        each
        for each in manifests()
        if each["kind"] == kind and name in {"", each["metadata"]["name"]}
    ]


def hub_of(pod: Manifest) -> Manifest:
    """Return the one container of what makes pods."""
    [container] = pod["spec"]["template"]["spec"]["containers"]
    return dict(container)


@pytest.mark.parametrize("release", RELEASES)
def test_kubernetes_takes_every_manifest(release: str, with_flower: list[Manifest]) -> None:
    known = [each for each in with_flower if each["kind"] != KEDA]
    assert len(known) > len(PODS)
    for each in known:
        kubernetes_validate.validate(each, release, strict=True)
    assert {each["metadata"].get("namespace") for each in with_flower} == {"genhub"}


def test_every_pod_is_locked_down(with_flower: list[Manifest]) -> None:
    pods = [each for each in with_flower if each["kind"] in PODS]
    names = {each["metadata"]["name"].removeprefix("genhub-") for each in pods}
    assert names == {"web", "events", "loops", "worker-others", "worker-local", "prepare", "flower"}
    for pod in pods:
        spec, container = pod["spec"]["template"]["spec"], hub_of(pod)
        assert spec["enableServiceLinks"] is False
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        number = spec["securityContext"]["runAsUser"]
        assert f"{number}:{number}" == read_images()["web"].user
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
        assert {"requests", "limits"} <= container["resources"].keys()
        places = {mount["mountPath"] for mount in container["volumeMounts"]}
        assert read_images()["web"].environment["GENHUB_HOME"] in places
        assert pod["spec"]["template"]["metadata"]["labels"]["genhub"] == "true"


def test_flower_is_off() -> None:
    assert "flower" not in json.dumps(manifests())


def test_probes_ask_what_the_hub_answers() -> None:
    [web] = find("Deployment", "genhub-web")
    probes = {name: hub_of(web)[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")}  # fmt: skip
    health = "/api/v1/health"
    assert probes == {
        "startup": f"{health}/startup", "liveness": f"{health}/live", "readiness": f"{health}/ready",
    }  # fmt: skip


def test_budgets_policies_and_scaling_name_pods_that_there_are() -> None:
    apps = {
        each["spec"]["template"]["metadata"]["labels"]["app"]
        for kind in PODS
        for each in find(kind)
    }
    named = set()
    for each in (*find("PodDisruptionBudget"), *find("NetworkPolicy"), *find("Service")):
        choice = each["spec"].get("podSelector") or each["spec"]["selector"]
        named.add(choice.get("app") or choice.get("matchLabels", {}).get("app"))
        for rule in choice.get("matchExpressions", []):
            named |= set(rule["values"])
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in find(KEDA)}
    assert named - {None} <= apps
    assert {"genhub-web", "genhub-events", "genhub-worker-local"} <= named
    assert scaled == {"genhub-worker-local", "genhub-worker-others"}


@pytest.mark.django_db
def test_scaling_asks_for_a_figure_that_the_hub_tells() -> None:
    names = told()
    for each in find(KEDA):
        [trigger] = each["spec"]["triggers"]
        query = trigger["metadata"]["query"]
        assert "genhub_oldest_waiting_seconds" in query
        assert "genhub_oldest_waiting_seconds" in names


def test_workers_stop_within_what_they_are_given() -> None:
    [settings] = find("ConfigMap")
    drain = int(settings["data"]["DRAIN_SECONDS"])
    for name in ("genhub-worker-local", "genhub-worker-others"):
        [worker] = find("Deployment", name)
        assert worker["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > drain


def test_a_worker_with_a_card_goes_where_cards_are() -> None:
    [worker] = find("Deployment", "genhub-worker-local")
    spec = worker["spec"]["template"]["spec"]
    assert spec["nodeSelector"]
    assert spec["tolerations"]
    assert hub_of(worker)["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert hub_of(worker)["command"] == read_images()["gpu"].command
    assert "gpu" in DOCKERFILE.read_text()
