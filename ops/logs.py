"""Structured logs. No personal data: our own identifiers (person_id, alert_id, device_id) are the most a line holds."""

import logging
import sys
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Literal

import structlog

FORBIDDEN_FIELDS = frozenset(
    {
        # where
        "lat",
        "lon",
        "latitude",
        "longitude",
        "geometry",
        "coordinates",
        # who
        "name",
        "crn",
        "nomis_id",
        "pnc_id",
        "date_of_birth",
        "practitioner",
        "serial",
        # what opens doors
        "token",
        "key",
        "password",
        "authorization",
        "url",
    }
)
WITHHELD = "[withheld]"


def drop_personal_data(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The last line of defence: a field that would hold personal data or a secret is replaced, however deep."""
    return {field: WITHHELD if _is_forbidden(field) else _without_personal_data(event[field]) for field in event}


def _without_personal_data(value: object) -> object:
    if isinstance(value, Mapping):
        return {
            field: WITHHELD if _is_forbidden(field) else _without_personal_data(inner) for field, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_without_personal_data(inner) for inner in value]
    return value


def _is_forbidden(field: object) -> bool:
    return isinstance(field, str) and field.lower() in FORBIDDEN_FIELDS


def configure_logging(level: str, style: Literal["json", "text"]) -> None:
    """Log to standard error, one line an event; the libraries' own logs are held to warnings and look alike."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        drop_personal_data,
    ]
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    sys.excepthook = _log_the_end


def _log_the_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What ends a process: its kind and its place, never its message, which can quote a row with its coordinates."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    get_logger("process").error("unexpected", kind=kind.__name__, frames=frames_of(trace))


def frames_of(trace: TracebackType | None) -> list[str]:
    """The last places of a traceback."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-8:]]


def get_logger(room: str) -> structlog.typing.FilteringBoundLogger:
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(room=room)
    return logger
