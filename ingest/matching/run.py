"""A matcher process from the settings."""

import threading
from collections.abc import Callable

from geofence.projection import Projection
from ingest.matching.bundles import open_issuing
from ingest.matching.crimes import CrimeMatching
from ingest.matching.eliminations import Eliminating
from ingest.matching.engine import MatchingEngine
from ingest.matching.folder import watched_folder
from ingest.matching.matcher import Matcher
from ingest.matching.notices import Noticing
from ingest.matching.rematches import Rematching
from ingest.matching.searches import SceneSearching
from ingest.matching.tasks import Task
from ingest.matching.weighing import ResultWeighing, SheetWeighing
from ops.health import health_server
from ops.settings import Settings
from store.database import connect

NOTICE_ROUNDS = 5
"""Of the matcher, between two looks at what changed of issued evidence."""


def run_matcher(settings: Settings, stop: threading.Event, announce: Callable[[int], None]) -> None:
    """Match until ``stop`` is set; ``announce`` is told the port of /health and /metrics."""
    matcher = make_matcher(settings)
    with health_server(
        settings.match_health_host, settings.match_health_port, matcher.readiness, "CORDON_MATCH_HEALTH_PORT"
    ) as port:
        announce(port)
        matcher.run(stop)


def make_matcher(settings: Settings) -> Matcher:
    """Raises ConfigurationError without CORDON_DATABASE_WORKER_URL."""
    url = settings.require_database_url("worker")
    engine = engine_of(settings)
    return Matcher(
        lambda: connect(url, "cordon-match"),
        tasks(settings, engine),
        patient_tasks(engine),
        settings.match_every_s,
    )


def engine_of(settings: Settings) -> MatchingEngine:
    return MatchingEngine(settings.matching, Projection(settings.centre_lat, settings.centre_lon))


def tasks(settings: Settings, engine: MatchingEngine) -> list[Task]:
    """In the order in which they are done: a crime's run goes before what comes late for it.

    Raises ConfigurationError where the watched folder, or the key or a template of evidence, cannot be used.
    """
    folder = watched_folder(settings)
    return [
        *([folder] if folder else []),
        CrimeMatching(engine),
        Rematching(engine),
        SceneSearching(engine),
        Eliminating(engine),
        open_issuing(settings),
        Noticing(NOTICE_ROUNDS * settings.match_every_s),
    ]


def patient_tasks(engine: MatchingEngine) -> list[Task]:
    """What takes longer than a verdict and may come after it."""
    return [ResultWeighing(engine), SheetWeighing(engine)]
