"""Rows of a file of people, or of devices and who wears them, as they are staged."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

import msgspec

from alerts.eligibility import Answer, Assessment, Facts, StatedAnswer, assess, fact_problems, london_day
from ingest.registry_files.cells import birth_of, check_texts, day_of, moment_of
from ingest.registry_files.table import Row, read_rows
from model.casework_rules import EligibilityRules
from store.activations import MOST_AHEAD

PEOPLE_COLUMNS = (
    "crn", "name", "date_of_birth", "nomis_id", "pnc_id", "team", "practitioner", "device_serial", "worn_from",
    "worn_until", "beside_another", "tag_day", "prison", "borough", "screening_note",
)  # fmt: skip
DEVICE_COLUMNS = ("device_serial", "crn", "worn_from", "worn_until", "beside_another")
YES = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Reader:
    """``today`` is the service's own."""

    rules: EligibilityRules
    today: date

    def people(self, stream: BinaryIO) -> Iterator[Row]:
        """Each row with what is wrong with it, its cells as they are staged. Raises RefusedFileError."""
        for row in read_rows(stream, PEOPLE_COLUMNS, ("crn", "name")):
            check_texts(row, ("crn", "name"))
            born = birth_of(row, self.today)
            began_at = _check_wearing(row, self.today)
            if _has_decision(row):
                self._decide(row, born, began_at)
            yield row

    def devices(self, stream: BinaryIO) -> Iterator[Row]:
        """The same of a file of devices."""
        for row in read_rows(stream, DEVICE_COLUMNS, ("device_serial", "crn", "worn_from")):
            check_texts(row, ("device_serial", "crn", "worn_from"))
            _check_wearing(row, self.today)
            yield row

    def _decide(self, row: Row, born: date | None, began_at: datetime | None) -> None:
        for_day = day_of(row, "tag_day") or (None if began_at is None else london_day(began_at))
        stated = _stated(row)
        if for_day is None:
            row.fault("tag_day", "it is not said for which day the decision is", "give tag_day or worn_from")
            return
        note = row.cells.get("screening_note", "")
        facts = Facts(for_day, born, row.cells.get("prison"), row.cells.get("borough"), note, stated)
        for field, problem, remedy in fact_problems(self.rules, facts):
            row.fault(field.replace("stated.", "answer."), problem, remedy)
        assessed = assess(self.rules, facts)
        if began_at is not None and self.rules.is_required and not assessed.is_eligible:
            row.fault("device_serial", f"the person may not be tagged: {assessed.reason}", "leave the device out")
        _stage_decision(row, for_day, stated, assessed)


def _check_wearing(row: Row, today: date) -> datetime | None:
    """When the device was put on, where the row says that one was."""
    began_at, ended_at = moment_of(row, "worn_from"), moment_of(row, "worn_until")
    if "device_serial" in row.cells and "worn_from" not in row.cells:
        row.fault("worn_from", "it is empty", "say when the device was put on")
    if "worn_from" in row.cells and "device_serial" not in row.cells and not row.errors:
        row.fault("device_serial", "it is empty", "say which device was put on then")
    if began_at is not None and began_at.date() > today + MOST_AHEAD:
        row.fault("worn_from", "it lies in the future", "give the time at which it was put on; check the year")
    if began_at is not None and ended_at is not None and ended_at <= began_at:
        row.fault("worn_until", "it is not after worn_from: an end before its start", "give a later time")
    beside = row.cells.get("beside_another", "no").lower()
    if beside not in YES:
        row.fault("beside_another", "it is neither yes nor no", "say yes where a second tag is meant")
    else:
        row.cells["beside_another"] = str(YES[beside]).lower()
    return began_at


def _has_decision(row: Row) -> bool:
    return any(
        name in {"screening_note", "prison", "borough", "tag_day"} or name.startswith(("answer.", "basis."))
        for name in row.cells
    )


def _stated(row: Row) -> dict[str, StatedAnswer]:
    stated = {}
    for name, value in row.cells.items():
        kind, _, code = name.partition(".")
        if kind == "answer" and value not in set(Answer):
            row.fault(name, "this is no answer", f"give {', '.join(Answer)}")
        elif kind == "answer":
            stated[code] = StatedAnswer(Answer(value), row.cells.get(f"basis.{code}", ""))
        elif kind == "basis" and f"answer.{code}" not in row.cells:
            row.fault(name, "there is no answer beside it", f"fill in answer.{code}")
    return stated


def _stage_decision(row: Row, for_day: date, stated: dict[str, StatedAnswer], assessed: Assessment) -> None:
    row.cells |= {
        "tag_day": for_day.isoformat(),
        "stated": msgspec.json.encode(stated).decode(),
        "answers": msgspec.json.encode(assessed.answers).decode(),
        "is_eligible": str(assessed.is_eligible).lower(),
        "reason": assessed.reason,
    }
