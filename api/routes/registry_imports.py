"""Files of people, staff and devices: all of a file is taken, or nothing of it and every error is named."""

from dataclasses import asdict
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool

from access.audit import Action
from access.roles import Permission
from api.documentation import documented
from api.errors import ProblemError
from api.security import Caller, Requires
from api.services import CurrentServices, Services
from api.staff_schemas import ImportedOut
from api.uploads import spooled_body
from crimes.files.row_errors import to_document
from ingest.registry_files.importing import FileKind, Wanted, import_file

PATHS = ("/v1/people-imports", "/v1/staff-imports", "/v1/device-imports")
IF_TOO_LARGE = "send it in parts: each is taken as a whole, and none has to know of the others"
MOST_ERRORS = 10_000
"""That one answer names; the rest are counted, and come once these are corrected."""

router = APIRouter(tags=["people"])

_IMPORTED = {
    "rows": 45,
    "is_dry_run": False,
    "added": 45,
    "changed": 0,
    "unchanged": 0,
    "decisions": 45,
    "put_on": 45,
    "taken_off": 0,
    "stopped": 0,
    "untold": 0,
    "unsupervised": 0,
}
PeopleImporter = Annotated[Caller, Depends(Requires(Permission.PEOPLE_WRITE, Action.REGISTRY_IMPORT))]
StaffImporter = Annotated[Caller, Depends(Requires(Permission.STAFF_WRITE, Action.REGISTRY_IMPORT))]
DryRun = Annotated[bool, Query(description="Say what the file would change, and change nothing")]


def _route(permission: Permission, example: str) -> dict[str, Any]:
    route = documented(permission, _IMPORTED)
    content = {"text/csv": {"schema": {"type": "string"}, "example": example}}
    route["openapi_extra"]["requestBody"] = {"required": True, "content": content}
    return route


@router.post(
    PATHS[0], **_route(Permission.PEOPLE_WRITE, "crn,name,date_of_birth\r\nX123456,Sam Example,1999-04-30\r\n")
)
async def import_people(
    request: Request, caller: PeopleImporter, services: CurrentServices, *, dry_run: DryRun = False
) -> ImportedOut:
    """Add and change people, with decisions on who may be tagged and the tags put on. The body is the CSV itself.

    Columns: crn, name; and as wanted date_of_birth, nomis_id, pnc_id, team, practitioner, device_serial, worn_from,
    worn_until, beside_another, tag_day, prison, borough, screening_note, answer.CODE and basis.CODE. What is empty
    stays as it was; the same file once more changes nothing.
    """
    return await _imported(request, caller, services, FileKind.PEOPLE, is_dry_run=dry_run)


@router.post(PATHS[1], **_route(Permission.STAFF_WRITE, "subject,name,role\r\nofficer.jones,J. Jones,practitioner\r\n"))
async def import_staff(
    request: Request, caller: StaffImporter, services: CurrentServices, *, dry_run: DryRun = False
) -> ImportedOut:
    """Add and change staff. Columns: subject, name, role; team, email, mobile: what is empty is no longer so."""
    return await _imported(request, caller, services, FileKind.STAFF, is_dry_run=dry_run)


@router.post(
    PATHS[2],
    **_route(Permission.PEOPLE_WRITE, "device_serial,crn,worn_from\r\nTAG-0004,X123456,2026-11-22T10:00:00Z\r\n"),
)
async def import_devices(
    request: Request, caller: PeopleImporter, services: CurrentServices, *, dry_run: DryRun = False
) -> ImportedOut:
    """Put tags on people who are there, and take them off. Columns: device_serial, crn, worn_from; worn_until,
    beside_another. The same file once more changes nothing.
    """
    return await _imported(request, caller, services, FileKind.DEVICES, is_dry_run=dry_run)


async def _imported(
    request: Request, caller: Caller, services: Services, kind: FileKind, *, is_dry_run: bool
) -> ImportedOut:
    wanted = Wanted(
        kind, caller.identity, services.settings.lock_timeout_ms, is_dry_run=is_dry_run, most_errors=MOST_ERRORS
    )
    most = services.settings.crime_file_max_bytes
    async with spooled_body(request, most, IF_TOO_LARGE) as spool, services.importing:
        spool.file.seek(0)
        begin = partial(services.pool.transaction, caller.identity)
        imported = await run_in_threadpool(import_file, begin, spool.file, wanted)
    if imported.error_count:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"Nothing of the file was taken: {imported.error_count} error(s), each with its remedy in errors.",
            error_count=imported.error_count,
            errors=[to_document(one) for one in imported.errors],
        )
    fields = {name: value for name, value in asdict(imported).items() if name not in {"errors", "error_count"}}
    return ImportedOut(**fields)
