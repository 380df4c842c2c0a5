"""Structured logs. No personal data: our own identifiers (person_id, alert_id, device_id) are the most a line holds."""

import logging
import sys
from typing import Literal

import structlog

FORBIDDEN_FIELDS = frozenset(
    {
        "lat",
        "lon",
        "latitude",
        "longitude",
        "name",
        "crn",
        "nomis_id",
        "pnc_id",
        "date_of_birth",
        "token",
        "key",
        "password",
        "url",
    }
)


def drop_personal_data(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The last line of defence: a field that would hold personal data or a secret is replaced."""
    for field in FORBIDDEN_FIELDS & event.keys():
        event[field] = "[withheld]"
    return event


def configure_logging(level: str, style: Literal["json", "text"]) -> None:
    """Log to standard error, one line an event; the libraries' own logs are held to warnings."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            drop_personal_data,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def get_logger(room: str) -> structlog.typing.FilteringBoundLogger:
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(room=room)
    return logger
