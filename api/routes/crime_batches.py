"""Police files: sent in by whoever works for the force, and what became of them."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import IO, Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from access.audit import Action, Subject, record_allowed
from access.roles import Permission
from api.crime_batch_schemas import (
    CrimeBatchesPage,
    CrimeBatchOut,
    ImportedBatch,
    RowErrorOut,
    RowErrorsPage,
)
from api.cursors import decode_number, encode_number, next_link
from api.documentation import also_answers, documented
from api.errors import ProblemError
from api.fields import CursorText, Limit
from api.security import LARGEST_BIGINT, Caller, Requires, refuse_unseen
from api.services import CurrentServices, Services
from api.uploads import spooled_body
from crimes.files.row_errors import to_csv
from ingest.matching.importing import ImportedFile, OtherForceError, Reading, Sender, import_spooled_file
from ops.errors import UnavailableError
from store.crime_batches import StoredBatch, all_errors, find_batch, list_batches, list_errors

PATH = "/v1/crime-batches"
BUSY_S = 60.0  # for another police file of this process
IN_MEMORY_BYTES = 1_000_000
PIECE_BYTES = 65_536
CSV = "text/csv"

router = APIRouter(tags=["crimes"])

BatchId = Annotated[int, Path(ge=1, le=LARGEST_BIGINT, description="The batch's id here", examples=[7])]
Importer = Annotated[Caller, Depends(Requires(Permission.CRIMES_IMPORT, Action.CRIMES_IMPORT))]
Reader = Annotated[Caller, Depends(Requires(Permission.CRIMES_IMPORT, Action.CRIME_BATCHES_READ))]

_BATCH = {
    "crime_batch_id": 7,
    "force": "Metropolitan",
    "reference": "MPS20261121",
    "format": "police_csv",
    "received_by": "api",
    "imported_by": "a.analyst",
    "imported_at": "2026-11-22T09:12:00Z",
    "state": "partial",
    "row_count": 120,
    "new_count": 110,
    "changed_count": 2,
    "unchanged_count": 7,
    "error_count": 1,
}
_ERROR = {
    "row": 14,
    "field": "date_to",
    "value": "20261121040000",
    "problem": "the window ends before it begins",
    "remedy": "give a date to that is not before date from",
}
_IMPORTED = {**_BATCH, "errors": [_ERROR], "errors_at": "/v1/crime-batches/7/errors"}
_ROW = "Metropolitan,RB,Robbery,MPS20261121,CR-1,20261121020000,20261121030000,529381,179534,,,,Phone taken\r\n"
_IMPORT_ROUTE = documented(Permission.CRIMES_IMPORT, _IMPORTED)
_IMPORT_ROUTE["responses"][200]["description"] = "The same file came before: nothing changed"
also_answers(_IMPORT_ROUTE, 201, ImportedBatch, "The file's good rows were taken", _IMPORTED)
_IMPORT_ROUTE["openapi_extra"]["requestBody"] = {
    "required": True,
    "content": {
        "text/csv": {"schema": {"type": "string"}, "example": _ROW},
        "application/geo+json": {"schema": {"type": "object"}},
    },
}


@router.post(PATH, **_IMPORT_ROUTE)
async def write_crime_batch(
    request: Request, caller: Importer, services: CurrentServices, response: Response
) -> ImportedBatch:
    """Import one police file of the caller's own force: its good rows are taken, every error of the others is named.

    The body is the file itself, CSV or GeoJSON, which its content tells. A file that was sent before changes nothing,
    and is answered with the batch that was made then. A crime that was reported before becomes a new version where
    something differs. Where no row is good the file is refused with 422, and its errors are kept as well.
    """
    async with (
        _turn(services.uploading[caller.identity.force]),
        spooled_body(request, services.settings.crime_file_max_bytes) as spool,
        _turn(services.importing),
    ):
        sender = Sender(caller.identity, "api", caller.identity.force)
        begin = partial(services.pool.transaction, caller.identity)
        try:
            imported = await run_in_threadpool(import_spooled_file, begin, spool, sender, Reading.of(services.settings))
        except OtherForceError as error:
            raise ProblemError(HTTPStatus.FORBIDDEN, str(error)) from None
    if imported.batch.state == "refused":
        raise _refused(imported)
    response.status_code = HTTPStatus.OK if imported.is_known else HTTPStatus.CREATED
    return ImportedBatch.of(imported)


@router.get(PATH, **documented(Permission.CRIMES_IMPORT, {"crime_batches": [_BATCH], "next": None}))
def read_crime_batches(
    request: Request, caller: Reader, services: CurrentServices, cursor: CursorText = None, limit: Limit = 100
) -> CrimeBatchesPage:
    """Police files of the caller's own force, newest first, however they came; refused ones too."""
    before = decode_number(cursor)
    with services.pool.transaction(caller.identity) as transaction:
        found = list_batches(transaction, before, limit + 1)
        page = found[:limit]
        record_allowed(transaction, caller.identity, Action.CRIME_BATCHES_READ, Subject(row_count=len(page)))
    last = encode_number(page[-1].crime_batch_id) if found[limit:] else None
    more = next_link(request.url.path, {"limit": limit}, last)
    return CrimeBatchesPage(crime_batches=[CrimeBatchOut.model_validate(one) for one in page], next=more)


@router.get(PATH + "/{crime_batch_id}", **documented(Permission.CRIMES_IMPORT, _BATCH, HTTPStatus.NOT_FOUND))
def read_crime_batch(caller: Reader, services: CurrentServices, crime_batch_id: BatchId) -> CrimeBatchOut:
    """One police file of the caller's own force."""
    about = Subject(row_count=1, detail={"crime_batch_id": crime_batch_id})
    with services.pool.transaction(caller.identity) as transaction:
        batch = find_batch(transaction, crime_batch_id)
        if batch is not None:
            record_allowed(transaction, caller.identity, Action.CRIME_BATCHES_READ, about)
    return CrimeBatchOut.model_validate(_seen(batch, services, caller, crime_batch_id))


@router.get(
    PATH + "/{crime_batch_id}/errors",
    **documented(Permission.CRIMES_IMPORT, {"errors": [_ERROR], "next": None}, HTTPStatus.NOT_FOUND),
)
def read_crime_batch_errors(
    *,
    request: Request,
    caller: Reader,
    services: CurrentServices,
    crime_batch_id: BatchId,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> RowErrorsPage:
    """Everything that was wrong with one police file, in the order of its rows."""
    after = decode_number(cursor) or 0
    with services.pool.transaction(caller.identity) as transaction:
        batch = find_batch(transaction, crime_batch_id)
        found = list_errors(transaction, crime_batch_id, after, limit + 1) if batch else []
        page = found[:limit]
        if batch is not None:
            about = Subject(row_count=len(page), detail={"crime_batch_id": crime_batch_id, "errors": True})
            record_allowed(transaction, caller.identity, Action.CRIME_BATCHES_READ, about)
    _seen(batch, services, caller, crime_batch_id)
    more = next_link(request.url.path, {"limit": limit}, encode_number(page[-1].place)) if found[limit:] else None
    return RowErrorsPage(errors=[RowErrorOut.model_validate(one.error) for one in page], next=more)


@router.get(
    PATH + "/{crime_batch_id}/errors.csv",
    response_class=Response,
    **documented(
        Permission.CRIMES_IMPORT,
        "row,field,value,problem,remedy\r\n",
        HTTPStatus.NOT_FOUND,
        media_type=CSV,
    ),
)
def read_crime_batch_errors_csv(caller: Reader, services: CurrentServices, crime_batch_id: BatchId) -> Response:
    """The same as one CSV file to send back to whoever made the police file."""
    with services.pool.transaction(caller.identity) as transaction:
        batch = find_batch(transaction, crime_batch_id)
        if batch is not None:
            about = Subject(row_count=batch.error_count, detail={"crime_batch_id": crime_batch_id, "errors": True})
            record_allowed(transaction, caller.identity, Action.CRIME_BATCHES_READ, about)
            sheet = _sheet(to_csv(all_errors(transaction, crime_batch_id)))
    _seen(batch, services, caller, crime_batch_id)
    name = f"crime-batch-{crime_batch_id}-errors.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_pieces(sheet), media_type=CSV, headers=headers)


def _sheet(lines: Iterable[str]) -> IO[bytes]:
    """All of them, so that the transaction has ended before the first byte goes out."""
    file = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  _pieces closes it
    file.writelines(line.encode() for line in lines)
    file.seek(0)
    return file


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _seen(batch: StoredBatch | None, services: Services, caller: Caller, batch_id: int) -> StoredBatch:
    if batch is None:
        about = Subject(detail={"crime_batch_id": batch_id})
        raise refuse_unseen(services, caller, Action.CRIME_BATCHES_READ, about, "crime batch")
    return batch


@asynccontextmanager
async def _turn(turns: asyncio.Semaphore) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(BUSY_S):
            await turns.acquire()
    except TimeoutError:
        raise UnavailableError("other police files are on their way, or being imported") from None
    try:
        yield
    finally:
        turns.release()


def _refused(imported: ImportedFile) -> ProblemError:
    summary = ImportedBatch.of(imported)
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "No row of the file was taken: errors names what is wrong, the first 100 of it; errors_at has all.",
        **summary.model_dump(mode="json"),
    )
