"""The original bytes behind a court's positions, each with the proof that they are what came in."""

import base64
import json
from collections import OrderedDict
from collections.abc import Sequence

from ingest.archive import Message, messages
from ingest.evidence import problem_of
from ingest.exports.folder import NewFolder
from store.database import Cursor
from store.exports.court import COMMON, MESSAGES
from store.exports.sections import About, read_section
from store.raw_batches import StoredBatch, find_batches

NAME = "original_messages.ndjson"
NOT_ARCHIVED = "the archive holds no such message"
BATCHES_KEPT = 4  # decoded: neighbours of a position are mostly in the same one


class Archive:
    """Finds messages; the last few batches stay in memory, for they hold the next positions too."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._kept: OrderedDict[tuple[str, int, int], _Opened] = OrderedDict()

    def find(self, partition: int, offset: int, serial: str) -> list["Found"]:
        """One for each batch that can hold it: several where a topic was read again."""
        held = [one for one in self._kept.values() if one.may_hold(partition, offset)]
        if not held:
            held = [self._keep(batch) for batch in find_batches(self._cursor, partition, offset)]
        return [one.find(offset, serial) for one in held]

    def _keep(self, batch: StoredBatch) -> "_Opened":
        opened = _Opened(batch)
        self._kept[batch.topic, batch.partition, batch.first_offset] = opened
        while len(self._kept) > BATCHES_KEPT:
            self._kept.popitem(last=False)
        return opened


class Found:
    """A message in one batch, or why it is not there."""

    def __init__(self, batch: StoredBatch, message: Message | None, problem: str | None) -> None:
        self.batch, self.message, self.problem = batch, message, problem

    def document(self) -> dict[str, object]:
        value = self.message.value if self.message else None
        return {
            "topic": self.batch.topic,
            "first_offset": self.batch.first_offset,
            "previous_hash": self.batch.previous_hash.hex(),
            "chain_hash": self.batch.chain_hash.hex(),
            "received_ms": self.message.received_ms if self.message else None,
            "salt": _base64(self.message.salt) if self.message else None,
            "key": _base64(self.message.key) if self.message else None,
            "value": _base64(value),
            "leaf": self.message.hash().hex() if self.message else None,
            "problem": self.problem,
        }


class _Opened:
    def __init__(self, batch: StoredBatch) -> None:
        self.batch, self._problem = batch, problem_of(batch)
        kept: Sequence[Message] = () if self._problem else messages(batch.body)
        self._by_offset = {message.offset: message for message in kept}

    def may_hold(self, partition: int, offset: int) -> bool:
        return self.batch.partition == partition and self.batch.first_offset <= offset < self.batch.next_offset

    def find(self, offset: int, serial: str) -> Found:
        message = self._by_offset.get(offset)
        if message is None:
            return Found(self.batch, None, self._problem or NOT_ARCHIVED)
        if message.erased:
            return Found(self.batch, message, "the message was erased; its hash is all that is left")
        if message.key != serial.encode():
            return Found(self.batch, None, "the message there does not name this tag alone: it is not given")
        return Found(self.batch, message, None)


def write_messages(cursor: Cursor, folder: NewFolder, about: About) -> int:
    """One JSON object a line. The number of messages."""
    archive = Archive(cursor)
    rows = read_section(cursor, COMMON, MESSAGES, about)
    count = 0
    with folder.file(NAME) as file:
        for partition, offset, serial in rows.rows:
            found = archive.find(partition, offset, serial)
            line = {
                "tag": serial,
                "partition": partition,
                "message_offset": offset,
                "found": [one.document() for one in found],
                "problem": None if found else NOT_ARCHIVED,
            }
            file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
            count += 1
    return count


def _base64(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()
