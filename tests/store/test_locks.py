"""Advisory locks are numbers: no two may be one, and every number stands in the table."""

import re
from pathlib import Path

import store
from store.locks import Lock, LockClass

FOLDER = Path(str(store.__file__)).parent
NUMBERS = {member.value for member in (*Lock, *LockClass)}


def test_no_two_locks_have_one_number() -> None:
    assert len(NUMBERS) == len(Lock) + len(LockClass) == len(Lock.__members__) + len(LockClass.__members__)


def test_no_number_stands_beside_the_table() -> None:
    elsewhere = {
        path.name: found
        for path in FOLDER.rglob("*.*")
        if path.suffix in {".py", ".sql"} and path.name != "locks.py"
        if (found := set(re.findall(r"\b11292729\d\d\b", path.read_text(encoding="utf-8"))))
    }
    append, events = {str(LockClass.APPEND.value)}, {str(Lock.ALERT_EVENTS.value)}
    assert elsewhere == {  # a migration cannot ask the table
        "0002_intake.sql": append,
        "0024_casework.sql": append,
        "0028_alert_life.sql": events,
        "0029_duty.sql": events,
        "0041_cover_and_break_glass.sql": events,
        "0045_police_questions_and_health.sql": {str(LockClass.POLICE_QUESTION.value)},
        "0048_retention.sql": {str(Lock.RETENTION.value)},
    }
