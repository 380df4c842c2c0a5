"""Changing only what was read: the header If-Match holds the ETag of it (RFC 9110 §13.1.1, RFC 6585 §3)."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Header

from api.errors import ProblemError

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=200, description="The ETag of what was read; needed", examples=['"1.2.draft"']),
]


def expected_tag(if_match: str | None) -> str:
    """The tag as it was given. Raises ProblemError with 428 where there is none."""
    if if_match is None or not if_match.strip():
        raise ProblemError(
            HTTPStatus.PRECONDITION_REQUIRED,
            "Send the header If-Match with the ETag of what you have read: somebody else may have changed it since.",
        )
    return if_match.strip()
