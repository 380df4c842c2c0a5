"""A duty process from the settings."""

import threading
from collections.abc import Callable

from alerts.duty.counting import CaseCounting
from alerts.duty.duty import Duty
from alerts.duty.evidence import tell_changed_evidence
from alerts.duty.shifts import (
    HandingOverOutOfSight,
    hand_over_ended_shifts,
    hand_over_of_leavers,
    tell_ending_shifts,
)
from alerts.duty.tasks import DutyTask
from alerts.duty.telling import AlertTelling
from alerts.duty.trail_requests import tell_trail_requests
from alerts.duty.victims import look_at_victim_tasks, look_at_victim_zones
from ops.health import health_server
from ops.settings import Settings
from store.database import connect


def run_duty(settings: Settings, stop: threading.Event, announce: Callable[[int], None]) -> None:
    """Be on duty until ``stop`` is set; ``announce`` is told the port of /health and /metrics."""
    duty = make_duty(settings)
    with health_server(
        settings.duty_health_host, settings.duty_health_port, duty.readiness, "CORDON_DUTY_HEALTH_PORT"
    ) as port:
        announce(port)
        duty.run(stop)


def make_duty(settings: Settings) -> Duty:
    """Raises ConfigurationError without CORDON_DATABASE_WORKER_URL."""
    url = settings.require_database_url("worker")
    return Duty(lambda: connect(url, "cordon-duty"), duty_tasks(), settings.duty_every_s)


def duty_tasks() -> list[DutyTask]:
    """In the order in which they are done: what lies on nobody goes over before anybody is told that it does."""
    return [
        DutyTask("ended_shifts", hand_over_ended_shifts),
        DutyTask("leavers", hand_over_of_leavers),
        DutyTask("out_of_sight", HandingOverOutOfSight()),
        DutyTask("tell", AlertTelling()),
        DutyTask("ending_shifts", tell_ending_shifts),
        DutyTask("victim_zones", look_at_victim_zones),
        DutyTask("victim_tasks", look_at_victim_tasks),
        DutyTask("evidence", tell_changed_evidence),
        DutyTask("trail_requests", tell_trail_requests),
        DutyTask("count", CaseCounting()),
    ]
