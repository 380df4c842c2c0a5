"""What the sender gets when something is wrong: always a problem, never an internal."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from access.problems import problem, unavailable
from ops.errors import InputError, UnavailableError
from ops.logs import get_logger

_log = get_logger("api")

_REMEDIES = {
    HTTPStatus.BAD_REQUEST: "The body cannot be read: send JSON in UTF-8, as GET /v1/openapi.json describes it.",
    HTTPStatus.NOT_FOUND: "There is nothing at this path; GET /v1/openapi.json lists the routes.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This path does not take this method; the header Allow says which it takes.",
}


class ProblemError(Exception):
    """Raised by a route to answer with a problem."""

    def __init__(
        self, status: HTTPStatus, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.members = members


def install_handlers(app: FastAPI) -> None:
    app.exception_handler(ProblemError)(_answer_problem)
    app.exception_handler(RequestValidationError)(_answer_validation)
    app.exception_handler(HTTPException)(_answer_http)
    app.exception_handler(InputError)(_answer_input)
    app.exception_handler(UnavailableError)(_answer_unavailable)


def _answer_problem(_request: Request, error: ProblemError) -> Response:
    return problem(error.status, error.status.phrase, error.detail, headers=error.headers, **error.members)


def _answer_validation(_request: Request, error: RequestValidationError) -> Response:
    """Every wrong parameter at once, by its place; the values stay with the sender."""
    faults = [
        {"where": ".".join(str(part) for part in fault["loc"]), "problem": fault["msg"].removeprefix("Value error, ")}
        for fault in error.errors()
    ]
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Wrong parameters",
        "The request does not have the shape that this route takes; errors names each place.",
        errors=faults,
    )


def _answer_http(_request: Request, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    detail = _REMEDIES.get(status, status.description or status.phrase)
    return problem(status, status.phrase, detail, headers=error.headers)


def _answer_input(_request: Request, error: InputError) -> Response:
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Refused input", str(error))


def _answer_unavailable(_request: Request, error: UnavailableError) -> Response:
    """The cause is the operator's: it goes to the log, since it can name hosts and users."""
    _log.warning("unavailable", cause=str(error))
    return unavailable("A server that this service needs does not answer, or is busy; try again in a moment.")
