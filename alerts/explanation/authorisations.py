"""The authorised entries and absences that bear on the alert: what lifted the zone, and what had ended before it."""

from alerts.explanation.documents import ExplainedAuthorisation, Section
from alerts.explanation.wording import duration_words, time_words
from model.enums import AlertKind
from model.explanations import AlertCase, GrantedAuthorisation
from model.times import SECOND_US, from_microseconds, moment_or_none

LIFTED = frozenset({AlertKind.AUTHORISED_ENTRY, AlertKind.AUTHORISED_ABSENCE})
NOT_SHOWN = "The authorisation that lifted the zone is not kept any more, or is not shown to you."


def explained_authorisations(case: AlertCase) -> tuple[ExplainedAuthorisation, ...]:
    return tuple(_explained(case, one) for one in case.authorisations)


def authorisation_sections(case: AlertCase) -> tuple[Section, ...]:
    """One section where an authorisation bears on the alert, otherwise none."""
    paragraphs = tuple(one.in_words for one in explained_authorisations(case))
    if case.alert.kind in LIFTED and not any(_lifts_beginning(case, one) for one in case.authorisations):
        paragraphs = (NOT_SHOWN, *paragraphs)
    return (Section("The authorisation", paragraphs),) if paragraphs else ()


def overstay_words(case: AlertCase) -> tuple[str, ...]:
    """That the zone had been lifted until shortly before the stay; nothing where it was not, or still is lifted."""
    if case.alert.kind in LIFTED or any(_lifts_beginning(case, one) for one in case.authorisations):
        return ()
    began_us = case.alert.began_us
    ended = [one for one in case.authorisations if one.begins_us < one.lifts_until_us <= began_us]
    if not ended:
        return ()
    last = max(ended, key=lambda one: one.lifts_until_us)
    return (f"The {_name(case)} until {time_words(last.lifts_until_us)} had ended.",)


def _explained(case: AlertCase, one: GrantedAuthorisation) -> ExplainedAuthorisation:
    return ExplainedAuthorisation(
        authorisation_id=one.authorisation_id,
        begins_at=from_microseconds(one.begins_us),
        ends_at=from_microseconds(one.ends_us),
        lifts_until=from_microseconds(one.lifts_until_us),
        purpose=one.purpose,
        granted_by=one.granted_by,
        granted_at=from_microseconds(one.granted_us),
        revoked_at=moment_or_none(one.revoked_us),
        revoked_by=one.revoked_by,
        in_words=f"{_granted_words(case, one)} {_revoked_words(one)} {_effect_words(case, one)}",
    )


def _granted_words(case: AlertCase, one: GrantedAuthorisation) -> str:
    name = _name(case).capitalize()
    window = f"{name} from {time_words(one.begins_us)} to {time_words(one.ends_us)}"
    afterwards = ", after this stay had begun" if one.granted_us > case.alert.began_us else ""
    return (
        f'{window}, for the purpose "{one.purpose}", granted by {one.granted_by}'
        f" at {time_words(one.granted_us)}{afterwards}."
    )


def _revoked_words(one: GrantedAuthorisation) -> str:
    if one.revoked_us is None:
        return "It has not been revoked."
    when = ""
    if one.revoked_us <= one.begins_us:
        when = ", before it began"
    elif one.revoked_us >= one.ends_us:
        when = ", as one that was granted only after its end"
    return f"It was revoked at {time_words(one.revoked_us)} by {one.revoked_by}{when}."


def _effect_words(case: AlertCase, one: GrantedAuthorisation) -> str:
    """What it was to the beginning of the stay."""
    began_us = case.alert.began_us
    if one.lifts_until_us <= one.begins_us:
        return "It lifts nothing."
    if began_us < one.begins_us:
        return f"It began {duration_words((one.begins_us - began_us) / SECOND_US)} after this stay."
    if _lifts_beginning(case, one):
        return f"It {'lifted the zone' if case.alert.kind in LIFTED else 'covers the time'} when this stay began."
    if one.lifts_until_us == began_us:
        return "It ended as this stay began."
    ago = duration_words((began_us - one.lifts_until_us) / SECOND_US)
    return f"It had ended {ago} before this stay began."


def _lifts_beginning(case: AlertCase, one: GrantedAuthorisation) -> bool:
    return one.begins_us <= case.alert.began_us < one.lifts_until_us


def _name(case: AlertCase) -> str:
    """An inclusion or curfew zone is lifted for an absence, any other for an entry."""
    is_absence = any(
        one.version.kind.watches_absence for one in case.versions if one.version.version == case.alert.zone_version
    )
    return "authorised absence" if is_absence else "authorised entry"
