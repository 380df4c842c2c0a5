"""What the duty process does, one thing at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from model.casework_rules import CaseworkRules
from store.database import Cursor

Work = Callable[[Cursor, datetime, CaseworkRules], bool]
"""Does a little, in the transaction of ``Cursor``, as of the service's clock; True where more waits to be done."""


@dataclass(frozen=True, slots=True)
class DutyTask:
    """One kind of the duty process's work; ``name`` is a label of metrics.

    Each has a transaction of its own: an error of one undoes it, is logged and counted, and the others go on. Only a
    database that does not answer stops all of them, and is waited for.
    """

    name: str
    work: Work
