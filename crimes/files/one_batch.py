"""One force and one batch a file, and no reference twice."""

from dataclasses import dataclass, field

from crimes.files.batch_ids import BatchId
from crimes.files.crime_rows import RowReader
from crimes.files.forces import Force
from crimes.files.row_errors import Fault, RowError, row_error

MOST_ROWS_NAMED = 10
ONE_FORCE = "send one file for each force"
ONE_BATCH = "send one file for each batch"


@dataclass(slots=True)
class Strangers:
    """The rows that differ from the first one in one field: how many, and the first of them."""

    count: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)

    def add(self, row_number: int, value: str) -> None:
        self.count += 1
        if len(self.first) < MOST_ROWS_NAMED:
            self.first.append((row_number, value))

    def in_words(self) -> str:
        named = ", ".join(f"{value} in row {row}" for row, value in self.first)
        more = self.count - len(self.first)
        return f"{named} and {more} more" if more else named


@dataclass(slots=True)
class OneBatch:
    """What the rows of a file have to have in common: the first row that says so settles it.

    A file of two forces or two batches is refused whole. Which of them its rows belong to nobody can tell for certain,
    and a crime that is filed under another force is shown to that force's analysts.
    """

    force: Force | None = None
    batch: BatchId | None = None
    _of_other_forces: Strangers = field(default_factory=Strangers)
    _of_other_batches: Strangers = field(default_factory=Strangers)
    _row_of_reference: dict[str, int] = field(default_factory=dict)

    def compare(self, row: RowReader) -> None:
        """Add to the row's errors what sets it apart from those before it."""
        self._compare_force(row)
        self._compare_reference(row)

    def refusals(self) -> tuple[RowError, ...]:
        """Why the file as a whole is refused, for each reason one error."""
        return tuple(
            row_error(None, name, own, Fault(f"the file is of {own}, but has {others.in_words()}", remedy))
            for name, own, others, remedy in (
                ("police_force", self.force and self.force.identifier, self._of_other_forces, ONE_FORCE),
                ("batch_id", self.batch and str(self.batch), self._of_other_batches, ONE_BATCH),
            )
            if own and others.count
        )

    def _compare_force(self, row: RowReader) -> None:
        if row.force is None:
            return
        if self.force is None:
            self.force = row.force
        if row.force == self.force:
            self._compare_batch(row)
            return
        self._of_other_forces.add(row.row_number, row.force.identifier)
        row.add("police_force", Fault(f"the file is of {self.force.identifier}", ONE_FORCE))

    def _compare_batch(self, row: RowReader) -> None:
        if row.batch is None:
            return
        if self.batch is None:
            self.batch = row.batch
        if row.batch != self.batch:
            self._of_other_batches.add(row.row_number, str(row.batch))
            row.add("batch_id", Fault(f"the file is of batch {self.batch}", ONE_BATCH))

    def _compare_reference(self, row: RowReader) -> None:
        if row.reference is None:
            return
        first_row = self._row_of_reference.setdefault(row.reference, row.row_number)
        if first_row != row.row_number:
            remedy = "report each crime once a file: leave one of the two out, or correct its reference"
            row.add("crime_reference", Fault(f"row {first_row} has the same reference", remedy))
