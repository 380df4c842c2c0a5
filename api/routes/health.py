"""Whether the service lives, whether it is ready, and its metrics."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

from access.audit import Action
from access.roles import Permission
from api.documentation import documented
from api.schemas import Readiness
from api.security import Caller, Requires
from api.services import CurrentServices, Services
from ops.errors import UnavailableError
from ops.logs import get_logger
from ops.metrics import BROKER_UP, DATABASE_UP, REGISTRY
from store.database import SERVICE
from store.health import missing_migrations

router = APIRouter(tags=["service"])

_log = get_logger("api")
_READY = {"status": "ready", "checks": {"database": "ok", "schema": "ok", "broker": "ok"}}


@router.get("/health/live", responses={200: {"content": {"application/json": {"example": {"status": "live"}}}}})
async def live() -> dict[str, str]:
    """The process answers. Says nothing of what it needs."""
    return {"status": "live"}


@router.get(
    "/health/ready",
    responses={
        200: {"content": {"application/json": {"example": _READY}}},
        503: {"model": Readiness, "description": "Not ready; checks says what fails, the log says why"},
    },
)
async def ready(services: CurrentServices, response: Response) -> Readiness:
    """Whether requests can be served: the database answers with this release's schema, and the broker answers."""
    checks = await services.shared_check.outcome(lambda: _check(services))
    good = all(outcome == "ok" for outcome in checks.values())
    response.status_code = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
    return Readiness(status="ready" if good else "not_ready", checks=checks)


@router.get(
    "/metrics",
    response_class=Response,
    **documented(Permission.METRICS_READ, "cordon_database_up 1.0\n", media_type="text/plain"),
)
def metrics(
    _caller: Annotated[Caller, Depends(Requires(Permission.METRICS_READ, Action.METRICS_READ))],
) -> Response:
    """Metrics of this process in Prometheus' text format. No label holds personal data."""
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


def _check(services: Services) -> dict[str, str]:
    missing: frozenset[str] = frozenset()

    def ask_database() -> None:
        nonlocal missing
        with services.background.transaction(SERVICE) as cursor:
            missing = missing_migrations(cursor, services.migrations)

    checks = {"database": _outcome("database", ask_database, DATABASE_UP)}
    if checks["database"] == "ok":
        checks["schema"] = "outdated" if missing else "ok"
    if services.check_broker is not None:
        checks["broker"] = _outcome("broker", services.check_broker, BROKER_UP)
    return checks


def _outcome(what: str, check: Callable[[], None], gauge: Gauge) -> str:
    try:
        check()
    except UnavailableError as error:
        _log.warning("not ready", check=what, cause=str(error))
        gauge.set(0)
        return "failing"
    gauge.set(1)
    return "ok"
