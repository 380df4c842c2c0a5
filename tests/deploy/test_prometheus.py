"""Prometheus' configuration and alarms name only what the service and the deployment have."""

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from ops.metrics import REGISTRY
from tests.deploy.compose import HEALTH_PORTS, ROOT, document, services

CONFIGURATION = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text(encoding="utf-8"))
ALARMS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "deploy/alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
METRIC = re.compile(r"\bcordon_\w+\b")


def exposed() -> set[str]:
    """Every sample's name: counters end in _total, histograms in _bucket, _sum and _count."""
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
    return {metric.name + ending for metric in REGISTRY.collect() for ending in endings[metric.type]}


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: str(alarm["alert"]))
def test_an_alarm_goes_by_metrics_that_exist(alarm: dict[str, Any]) -> None:
    named = set(METRIC.findall(alarm["expr"]))
    assert named <= exposed()
    assert named or "up{" in alarm["expr"]
    jobs = set(re.findall(r'job="(\w+)"', alarm["expr"]))
    assert jobs <= {job["job_name"] for job in CONFIGURATION["scrape_configs"]}


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: str(alarm["alert"]))
def test_an_alarm_says_how_bad_it_is_and_where_to_read_on(alarm: dict[str, Any]) -> None:
    assert alarm["labels"]["severity"] in {"critical", "warning"}
    assert alarm["annotations"]["summary"]
    assert alarm["annotations"]["runbook"] == f"docs/operations.md#{alarm['alert'].lower()}"


@pytest.mark.parametrize("job", CONFIGURATION["scrape_configs"], ids=lambda job: str(job["job_name"]))
def test_a_job_asks_a_service_on_the_port_it_listens_on(job: dict[str, Any]) -> None:
    (discovery,) = job["dns_sd_configs"]
    (name,) = discovery["names"]
    assert str(discovery["port"]) == services()[name]["environment"][HEALTH_PORTS[name]]
    assert set(services()[name]["networks"]) & set(services()["prometheus"]["networks"])


def test_every_service_that_has_metrics_is_asked() -> None:
    assert {job["job_name"] for job in CONFIGURATION["scrape_configs"]} == set(HEALTH_PORTS)


def test_the_files_that_prometheus_reads_are_given_to_it() -> None:
    prometheus = services()["prometheus"]
    mounted = {volume.split(":")[1] for volume in prometheus["volumes"]}
    assert {f"/etc/prometheus/{name}" for name in CONFIGURATION["rule_files"]} <= mounted
    token = next(job for job in CONFIGURATION["scrape_configs"] if job["job_name"] == "api")["authorization"]
    secrets = {f"/run/secrets/{secret['source']}" for secret in prometheus["secrets"]}
    assert token == {"credentials_file": "/run/secrets/api_metrics_token"}
    assert token["credentials_file"] in secrets
    assert {secret["source"] for secret in prometheus["secrets"]} <= document()["secrets"].keys()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool on this machine")
def test_prometheus_itself_accepts_them() -> None:
    for asked in (
        ["check", "rules", "deploy/alerts.yml"],
        ["check", "config", "--syntax-only", "deploy/prometheus.yml"],
        ["test", "rules", "tests/deploy/alerts_test.yml"],
    ):
        subprocess.run(["promtool", *asked], cwd=ROOT, check=True)  # noqa: S607 - the machine's promtool
