"""The shapes of answers about police files, as the OpenAPI document shows them."""

from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from api.schemas import Answer
from ingest.matching.importing import ImportedFile
from store.crime_batches import StoredBatch


class CrimeBatchOut(Answer):
    crime_batch_id: int
    force: str
    reference: str = Field(description="The batch's id as the force gave it; empty where the file could not be read")
    format: Literal["police_csv", "csv", "geojson"] | None = Field(description="Null where the file could not be read")
    received_by: Literal["api", "command", "folder"]
    imported_by: str
    imported_at: datetime
    state: Literal["accepted", "partial", "refused"] = Field(description="Refused: none of its rows was taken")
    row_count: int = Field(description="Rows of the file: new, changed, unchanged, and those with errors")
    new_count: int
    changed_count: int = Field(description="Crimes that were known and became a new version")
    unchanged_count: int
    error_count: int = Field(description="Rows with errors; none of them was taken")


class RowErrorOut(Answer):
    row: int | None = Field(description="Row of the file, from 1, a header included; null: the file as a whole")
    field: str
    value: str = Field(description="As it was given, shortened")
    problem: str
    remedy: str


class ImportedBatch(CrimeBatchOut):
    errors: list[RowErrorOut] = Field(description="The first 100; all of them are under errors_at")
    errors_at: str | None = Field(description="Address of all the errors; null where there are none")

    @classmethod
    def of(cls, imported: ImportedFile) -> Self:
        return cls.model_validate(
            CrimeBatchOut.model_validate(imported.batch).model_dump()
            | {
                "errors": [RowErrorOut.model_validate(error) for error in imported.errors],
                "errors_at": errors_at(imported.batch) if imported.errors else None,
            }
        )


class CrimeBatchesPage(Answer):
    crime_batches: list[CrimeBatchOut]
    next: str | None = Field(description="Address of the next page; null on the last")


class RowErrorsPage(Answer):
    errors: list[RowErrorOut]
    next: str | None = Field(description="Address of the next page; null on the last")


def errors_at(batch: StoredBatch) -> str:
    return f"/v1/crime-batches/{batch.crime_batch_id}/errors"
