"""`cordon deliver` in a thread of the test, on a test's database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from alerts.deliver_all import run_delivery
from ops.settings import Settings
from tests.support.database import DatabaseUrls
from tests.support.in_thread import in_thread


@contextmanager
def delivering(database: DatabaseUrls, **settings: object) -> Iterator[list[int]]:
    """Its health's port, once it is known."""
    configured = Settings.model_validate(
        {
            "database_worker_url": database.worker,
            "deliver_health_port": 0,
            "webhook_allow_http": True,
            "webhook_timeout_s": 2,
            **settings,
        }
    )
    ports: list[int] = []

    def run(stop: threading.Event) -> None:
        run_delivery(configured, stop, ports.append)

    with in_thread(partial(run), "deliverer"):
        yield ports
