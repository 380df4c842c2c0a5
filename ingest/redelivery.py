"""A dead letter read again: after a device was registered, a limit was raised, or a decoder learned something."""

import msgspec

from ingest.decode import DecodeLimits, decode_each
from ingest.event import EventLimits, read_event
from ingest.ping import READING_ERRORS, Refusal, explain, split_items
from ingest.protocols import osmand, owntracks
from ingest.protocols.interpretation import Interpretation
from ingest.source import EventMessage
from model.enums import RejectionReason
from model.times import MILLISECOND_US, to_microseconds
from ops.errors import InputError
from store.dead_letters import DeadLetter


def messages_of(letter: DeadLetter, limits: DecodeLimits) -> list[tuple[str, bytes]]:
    """(device serial, JSON) of the pings in a dead letter, ready for a sink.

    A message with several pings is given whole: those that were stored before are stored once. InputError, with the
    reason, when the ping that made it a dead letter would be rejected again.
    """
    _refuse_mismatch(letter)
    if letter.summary.topic in {owntracks.TOPIC, osmand.TOPIC}:
        place = 0  # a gateway keeps one item of a payload
        items = _interpreted(letter)
    else:
        place = letter.summary.item
        items = _split(letter)
    decoded = decode_each(items, 0, limits)
    for rejected in decoded.rejections:
        if rejected.message_index == place:
            raise _still(letter, Refusal(rejected.reason, rejected.detail))
    places: list[int] = decoded.fixes.message_offset.tolist()
    return [(serial, items[index]) for index, serial in zip(places, decoded.serials, strict=True)]


def event_messages_of(letter: DeadLetter, limits: EventLimits) -> list[EventMessage]:
    """The device events in a dead letter of their topic, ready for a sink of theirs; InputError as above.

    Each counts as received when the letter was: a tag whose clock is lost did not say it today.
    """
    _refuse_mismatch(letter)
    received_ms = to_microseconds(letter.summary.received_at) // MILLISECOND_US
    found = [read_event(item, received_ms, limits) for item in _split(letter)]
    for place, one in enumerate(found):
        if isinstance(one, Refusal) and place == letter.summary.item:
            raise _still(letter, one)
    return [one for one in found if not isinstance(one, Refusal)]


def _refuse_mismatch(letter: DeadLetter) -> None:
    if letter.summary.reason == RejectionReason.KEY_MISMATCH:
        raise InputError(
            f"dead letter {letter.summary.dead_letter_id}: its sender may not speak for this device, and a replay must"
            " not decide whose it is: have its own source send it"
        )


def _split(letter: DeadLetter) -> list[bytes]:
    try:
        return split_items(letter.value)
    except READING_ERRORS as error:
        raise _still(letter, explain(error, letter.value)) from None


def _interpreted(letter: DeadLetter) -> list[bytes]:
    found = _interpret(letter)
    for refusal in found.refused.values():
        raise _still(letter, refusal)
    return [msgspec.json.encode(ping) for ping in found.pings.values()]


def _interpret(letter: DeadLetter) -> Interpretation:
    if letter.summary.topic == owntracks.TOPIC:
        return owntracks.interpret(letter.value, (letter.key or b"").decode())
    if letter.value.lstrip().startswith(b"{"):
        return osmand.interpret_json(letter.value)
    return osmand.interpret_parameters(letter.value)


def _still(letter: DeadLetter, refusal: Refusal) -> InputError:
    return InputError(
        f"dead letter {letter.summary.dead_letter_id} would be rejected again: {refusal.reason.value}: {refusal.detail}"
    )
