"""Around every request: ids, headers, metrics, readiness, and faults that tell nothing of the inside."""

from dataclasses import replace

import httpx
import pytest
from fastapi import APIRouter

from access.roles import Role
from api.app import create_app
from api.services import open_services
from ops.errors import UnavailableError
from ops.settings import Settings
from tests.support.api_server import RunningApi, serving
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner


def test_a_request_keeps_its_id_and_gets_one_where_it_has_none(fresh_api: RunningApi) -> None:
    answer = fresh_api.get(Role.MANAGER, "/v1/alerts", headers={"X-Request-ID": "case-7"})
    assert answer.headers["x-request-id"] == "case-7"
    odd = fresh_api.get(Role.MANAGER, "/v1/alerts", headers={"X-Request-ID": "a b\tc"})
    assert len(odd.headers["x-request-id"]) == 32
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute("SELECT request_id FROM audit_log ORDER BY audit_id")
        assert [row[0] for row in cursor.fetchall()] == ["case-7", odd.headers["x-request-id"]]


@pytest.mark.parametrize("path", ["/v1/me", "/health/live", "/nothing"])
def test_every_answer_carries_the_security_headers(api: RunningApi, path: str) -> None:
    headers = api.get(Role.MANAGER, path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


def test_me(api: RunningApi) -> None:
    body = api.get(Role.AUDITOR, "/v1/me").json()
    assert (body["subject"], body["role"], body["permissions"]) == (
        "the.auditor",
        "auditor",
        ["api.read", "audit.read", "break_glass.read", "looks.read", "precision.read", "self.read"],
    )


def test_metrics_count_by_template_and_hold_no_path(api: RunningApi) -> None:
    api.get(Role.MANAGER, f"/v1/alerts/{api.own_alert}")
    with api.client() as client:
        client.request("BREW", "/v1/secret-place")
    text = api.get(Role.MONITORING_OFFICER, "/metrics").text
    assert 'cordon_http_requests_total{method="GET",route="/v1/alerts/{alert_id}",status="200"}' in text
    assert 'method="other",route="unmatched"' in text
    assert api.own_alert not in text
    assert "secret-place" not in text


def test_readiness_follows_database_schema_and_broker(migrated_database: DatabaseUrls) -> None:
    broker_answers = True

    def check_broker() -> None:
        if not broker_answers:
            raise UnavailableError("kafka-7.internal:9092 does not answer")

    settings = Settings.model_validate({"database_api_url": migrated_database.api, "api_port": 0})
    app = create_app(settings, replace(open_services(settings), check_broker=check_broker))
    with serving(app, settings) as url:
        ready = httpx.get(url + "/health/ready")
        assert (ready.status_code, set(ready.json()["checks"].values())) == (200, {"ok"})
        broker_answers = False
        broken = httpx.get(url + "/health/ready")
        assert (broken.status_code, broken.json()["checks"]["broker"]) == (503, "failing")
        assert "kafka-7" not in broken.text
        broker_answers = True
        with as_owner(migrated_database.owner) as cursor:
            cursor.execute("DELETE FROM schema_migrations WHERE name LIKE '0005%'")
        outdated = httpx.get(url + "/health/ready")
        assert (outdated.status_code, outdated.json()["checks"]["schema"]) == (503, "outdated")


def test_without_a_database_the_service_lives_and_says_so() -> None:
    settings = Settings.model_validate({"database_api_url": "postgresql://u:p@127.0.0.1:1/x", "api_port": 0})
    app = create_app(settings, open_services(settings))
    with serving(app, settings) as url:
        assert httpx.get(url + "/health/live").status_code == 200
        ready = httpx.get(url + "/health/ready")
        assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "failing")
        answer = httpx.get(url + "/v1/me", headers={"Authorization": f"Bearer cordon_{'a' * 43}"})
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert "127.0.0.1" not in answer.text


def test_requests_outlive_a_cut_connection(fresh_api: RunningApi) -> None:
    assert fresh_api.get(Role.MANAGER, "/v1/alerts").status_code == 200
    with as_owner(fresh_api.urls.owner) as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'cordon-api%'"
        )
        assert cursor.rowcount >= 1
    assert fresh_api.get(Role.MANAGER, "/v1/alerts").status_code == 200


def test_connections_are_kept(fresh_api: RunningApi) -> None:
    def backends() -> set[int]:
        with as_owner(fresh_api.urls.owner) as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'cordon-api'")
            return {row[0] for row in cursor.fetchall()}

    fresh_api.get(Role.MANAGER, "/v1/alerts")
    before = backends()
    for _ in range(5):
        fresh_api.get(Role.MANAGER, "/v1/alerts")
    assert before
    assert backends() == before


def test_an_unexpected_fault_tells_nothing(fresh_api: RunningApi, capsys: pytest.CaptureFixture[str]) -> None:
    router = APIRouter()

    @router.get("/broken")
    def broken() -> None:
        raise RuntimeError("Sam Own lives here")

    fresh_api.app.include_router(router)
    with fresh_api.client() as client:
        answer = client.get("/broken", params={"where": "somewhere"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    logged = "".join(capsys.readouterr())
    assert "RuntimeError" in logged
    assert answer.headers["x-request-id"] in logged
    for secret in ("Sam Own", "somewhere"):
        assert secret not in answer.text
        assert secret not in logged
