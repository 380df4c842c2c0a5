"""A process of the service in a thread of the test."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.support.waiting import DEADLINE_S


@contextmanager
def in_thread(run: Callable[[threading.Event], None], name: str) -> Iterator[None]:
    """``run`` from here to the end of the block, where it is told to stop. An error that ends it is raised there."""
    stop = threading.Event()
    errors: list[BaseException] = []

    def work() -> None:
        try:
            run(stop)
        except Exception as error:  # noqa: BLE001  raised again below
            errors.append(error)

    thread = threading.Thread(target=work, name=name)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(DEADLINE_S)
        assert not thread.is_alive(), f"the {name} did not stop in time"
    if errors:
        raise errors[0]
