"""The watched folder: police files put into it are imported once each, and moved to `done`, `partial` or `refused`.

All of it can be repeated: a file whose import was committed and that was not moved any more, because the process died,
is known by its hash the next time.
"""

import errno
import os
import stat
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psycopg2

from crimes.files.row_errors import Fault, RowError, row_error, to_csv
from ingest.matching.importing import ImportedFile, NoForceError, Reading, Sender, import_crime_file
from ingest.matching.spool import FileTooLargeError
from model.casework import SERVICE_SUBJECT
from ops.errors import ConfigurationError, UnavailableError
from ops.logs import get_logger
from ops.metrics import CRIME_FOLDER_STUCK
from ops.settings import Settings
from store.crime_batches import all_errors
from store.database import SERVER_ERRORS, Connection, Cursor, Identity, set_identity

SETTLE_S = 5.0  # a file that has not changed for so long is complete
EMPTY_SETTLE_S = 60.0  # some senders make an empty file first
RETRY_S = 60.0
ROUND_S = 1.0  # after so long the rest waits for the next round
UNFINISHED_NAMES = (".part", ".partial", ".filepart", ".tmp", ".crdownload")
FOLDER_OF = {"accepted": "done", "partial": "partial", "refused": "refused"}
ERRORS = ".errors.csv"
IDENTITY = Identity(SERVICE_SUBJECT, "service", "watched folder of police files", "")
SENDER = Sender(IDENTITY, "folder", None)

log = get_logger("matching")


@dataclass(frozen=True, slots=True)
class Stamp:
    """By which a change of a file shows."""

    inode: int
    size_bytes: int
    modified_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Stamp":
        return cls(status.st_ino, status.st_size, status.st_mtime_ns)


@dataclass(slots=True)
class Waiting:
    """A file of the folder: as it was last seen, since when so, and when it is tried again."""

    stamp: Stamp
    since_s: float
    try_at_s: float
    is_stuck: bool = False


class CrimeFolder:
    """``round`` takes what is complete. Whoever may write into the folder may import, for every force."""

    def __init__(self, folder: Path, reading: Reading, settle_s: float = SETTLE_S) -> None:
        """Raises ConfigurationError where there is no such folder or it cannot be written to."""
        if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise ConfigurationError(f"CORDON_CRIME_FOLDER: {folder} is no folder that can be read and written to")
        self._folder = folder
        self._reading = reading
        self._settle_s = settle_s
        self._waiting: dict[str, Waiting] = {}
        self._is_away = False

    def round(self, connection: Connection) -> bool:
        """Import the complete files, for about a second, though a large one takes longer; whether more wait.

        Raises what the database raises when it does not answer. A file that cannot be read, moved or stored stays
        where it is, is tried again after a minute, and stops nothing.
        """
        began_s = time.monotonic()
        self._look(began_s)
        complete = deque(self._complete(began_s))
        while complete:
            self._try(complete.popleft(), connection)
            if time.monotonic() - began_s >= ROUND_S:
                break
        CRIME_FOLDER_STUCK.set(self._is_away + sum(one.is_stuck for one in self._waiting.values()))
        return bool(complete)

    def _look(self, now_s: float) -> None:
        """Note what lies in the folder and has changed."""
        try:
            with os.scandir(self._folder) as entries:
                found = {entry.name: Stamp.of(entry.stat(follow_symlinks=False)) for entry in entries if _counts(entry)}
        except OSError as error:
            if not self._is_away:
                log.warning("the crime folder cannot be read", reason=error.strerror)
            self._is_away = True
            return
        self._is_away = False
        self._waiting = {name: one for name, one in self._waiting.items() if name in found}
        for name, stamp in found.items():
            known = self._waiting.get(name)
            if known is None or known.stamp != stamp:
                self._waiting[name] = Waiting(stamp, now_s, now_s)

    def _complete(self, now_s: float) -> list[str]:
        """Those that have not changed for long enough, the oldest first."""
        ready = [
            (one.stamp.modified_ns, name)
            for name, one in self._waiting.items()
            if one.try_at_s <= now_s
            and now_s - one.since_s >= (self._settle_s if one.stamp.size_bytes else max(self._settle_s, EMPTY_SETTLE_S))
        ]
        return [name for _, name in sorted(ready)]

    def _try(self, name: str, connection: Connection) -> None:
        waiting = self._waiting[name]
        waiting.try_at_s = time.monotonic() + RETRY_S
        try:
            self._take(self._folder / name, waiting.stamp, connection)
        except SERVER_ERRORS:
            raise
        except (OSError, UnavailableError, psycopg2.Error) as error:
            if connection.closed:
                raise
            if not waiting.is_stuck:
                reason = error.strerror if isinstance(error, OSError) else type(error).__name__
                log.warning("a police file is stuck in the folder", reason=reason, size_bytes=waiting.stamp.size_bytes)
            waiting.is_stuck = True
        else:
            del self._waiting[name]

    def _take(self, file: Path, stamp: Stamp, connection: Connection) -> None:
        """Import and move; a file that changed meanwhile stays, and is taken again as it is then."""

        @contextmanager
        def begin() -> Iterator[Cursor]:
            with connection, connection.cursor() as cursor:
                set_identity(cursor, IDENTITY)
                yield cursor

        state = "refused"
        batch_id = None
        try:
            with _opened(file) as stream:
                imported = import_crime_file(begin, stream, SENDER, self._reading)
        except NoForceError as refused:
            moved = self._move(file, stamp, state, refused.errors)
        except FileTooLargeError as refused:
            error = row_error(None, "file", "", Fault(refused.problem, refused.remedy))
            moved = self._move(file, stamp, state, [error])
        else:
            state, batch_id = imported.batch.state, imported.batch.crime_batch_id
            with begin() as cursor:
                moved = self._move(file, stamp, state, _errors(cursor, imported))
        log.info("police file", state=state, crime_batch_id=batch_id, size_bytes=stamp.size_bytes, moved=moved)

    def _move(self, file: Path, stamp: Stamp, state: str, errors: Iterable[RowError]) -> bool:
        """The errors are there before the file is, so that nobody finds it without them."""
        if Stamp.of(file.lstat()) != stamp:
            return False
        target = _free_place(self._folder / FOLDER_OF[state], file.name)
        if state != "accepted":
            beside = target.with_name(target.name + ERRORS)
            unfinished = beside.with_name(f".{beside.name}.part")
            unfinished.unlink(missing_ok=True)
            with unfinished.open("x", encoding="utf-8", newline="") as written:  # never through a link
                written.writelines(to_csv(errors))
            unfinished.replace(beside)
        file.rename(target)
        return True


def watched_folder(settings: Settings) -> CrimeFolder | None:
    """The one of CORDON_CRIME_FOLDER; None where it is not set. Raises ConfigurationError."""
    return CrimeFolder(Path(settings.crime_folder), Reading.of(settings)) if settings.crime_folder else None


def _counts(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file to import; a link or a device is one that gets stuck, and so is seen."""
    unfinished = entry.name.startswith((".", "~")) or entry.name.lower().endswith(UNFINISHED_NAMES)
    return not unfinished and not entry.is_dir(follow_symlinks=False)


def _opened(file: Path) -> BinaryIO:
    """Raises OSError too where it is no plain file: a link could lead anywhere, and a pipe could keep us waiting."""
    stream = os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError(errno.EINVAL, "it is no plain file")
    return stream


def _errors(cursor: Cursor, imported: ImportedFile) -> Iterable[RowError]:
    return all_errors(cursor, imported.batch.crime_batch_id) if imported.errors else ()


def _free_place(folder: Path, name: str) -> Path:
    """Where nothing lies yet: a second file of the name becomes NAME-2."""
    folder.mkdir(exist_ok=True)
    if folder.is_symlink():
        raise OSError(errno.ELOOP, f"{folder.name} is a link: it could lead anywhere")
    place = folder / name
    number = 1
    while place.exists() or place.with_name(place.name + ERRORS).exists():
        number += 1
        place = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
    return place
