"""What the report says, section by section: the PDF and the DOCX are two ways to show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from string import Template

from crimes.evidence import words
from crimes.evidence.dossier import Dossier
from crimes.evidence.sections import (
    coverage_section,
    crime_section,
    events_section,
    originals_section,
    positions_section,
    rejected_section,
    result_section,
    settings_section,
    windows_section,
)
from crimes.evidence.shape import Section


@dataclass(frozen=True, slots=True)
class Content:
    title: str
    subtitle: str
    reference: str
    exhibit: str
    sections: tuple[Section, ...]


def content_of(dossier: Dossier, statement: str) -> Content:
    """The report's content. ``statement`` is the service's own text with ``$`` names.

    Raises ValueError where it has a name that the dossier does not give.
    """
    return Content(
        title="Location evidence report",
        subtitle=f"{dossier.crime.force}, crime {dossier.crime.reference}, version {dossier.crime.version}",
        reference=dossier.reference,
        exhibit=dossier.maker.exhibit,
        sections=(
            Section("Statement", paragraphs=_statement(dossier, statement)),
            Section("How to read this report", paragraphs=dossier.caveats, numbered=True),
            _request(dossier),
            crime_section(dossier),
            windows_section(dossier),
            _wearer(dossier),
            result_section(dossier),
            Section("Map", figure=True),
            positions_section(dossier),
            coverage_section(dossier),
            rejected_section(dossier),
            events_section(dossier),
            originals_section(dossier),
            _review(dossier),
            settings_section(dossier),
            _checking(),
        ),
    )


def statement_values(dossier: Dossier) -> dict[str, str]:
    """What a statement's text may name."""
    return {
        "maker": dossier.maker.name,
        "exhibit": dossier.maker.exhibit,
        "reference": dossier.reference,
        "issued": f"{words.utc(dossier.issued_at_us)} ({words.local(dossier.issued_at_us)} Europe/London)",
        "requested_by": dossier.request.requested_by,
        "force": dossier.request.force,
        "purpose": dossier.request.purpose,
        "basis": dossier.request.basis,
        "crime": dossier.crime.reference,
        "crime_version": str(dossier.crime.version),
        "wearer": dossier.wearer.name,
        "reviewer": dossier.review.reviewed_by,
        "software": dossier.software_version,
        "algorithm": str(dossier.run.algorithm_version),
        "verdict": words.VERDICTS[dossier.finding.verdict],
    }


def _statement(dossier: Dossier, statement: str) -> tuple[str, ...]:
    try:
        filled = [Template(part).substitute(statement_values(dossier)) for part in _paragraphs(statement)]
    except (KeyError, ValueError) as error:
        known = ", ".join(f"${name}" for name in statement_values(dossier))
        raise ValueError(f"the statement's text is wrong at {error}: it may name {known}") from None
    return tuple(filled)


def _paragraphs(text: str) -> Sequence[str]:
    """Blank lines part them; line ends within one are blanks."""
    return [" ".join(part.split()) for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]


def _request(dossier: Dossier) -> Section:
    asked = dossier.request
    facts = (
        ("Requested by", asked.requested_by),
        ("Force", asked.force),
        ("Purpose", asked.purpose),
        ("Basis", asked.basis),
        ("Requested", f"{words.utc(asked.requested_at_us)}\n{words.local(asked.requested_at_us)} Europe/London"),
        ("Bundle", dossier.reference),
        ("Issued", f"{words.utc(dossier.issued_at_us)}\n{words.local(dossier.issued_at_us)} Europe/London"),
        ("Exhibit", f"{dossier.maker.exhibit}, produced by {dossier.maker.name}"),
    )
    return Section("The request", facts=facts)


def _wearer(dossier: Dossier) -> Section:
    wearer = dossier.wearer
    tags = tuple(
        (
            f"Tag {tag.serial}",
            f"worn from {words.utc(tag.from_us)} "
            + ("on, still worn" if tag.until_us is None else f"until {words.utc(tag.until_us)}"),
        )
        for tag in dossier.tags
    )
    facts = (
        ("Name", wearer.name),
        ("Date of birth", wearer.date_of_birth or words.NOT_STATED),
        ("CRN", wearer.crn),
        ("PNC ID", wearer.pnc_id or words.NOT_STATED),
        ("NOMIS ID", wearer.nomis_id or words.NOT_STATED),
    )
    told = (
        "The positions are those of the tag. That the tag was on this person is as the supervising service recorded it."
    )
    return Section("The wearer", paragraphs=(told,), facts=facts + tags)


def _review(dossier: Dossier) -> Section:
    review = dossier.review
    facts = (
        ("Reviewed by", review.reviewed_by),
        ("Reviewed", f"{words.utc(review.reviewed_at_us)}\n{words.local(review.reviewed_at_us)} Europe/London"),
        ("Decision", words.phrase(review.decision)),
        ("Note", review.note or words.NONE),
    )
    told = "Nobody receives a bundle before somebody other than the requester has reviewed the match and confirmed it."
    return Section("Review", paragraphs=(told,), facts=facts)


def _checking() -> Section:
    return Section(
        "How to check this bundle",
        paragraphs=(
            (
                "The file manifest.json lists every other file of the bundle with its size and its SHA-256 hash, and"
                " manifest.sig is the service's Ed25519 signature over manifest.json. The command"
                ' "cordon evidence verify" checks both without a network; any other program that knows SHA-256 and'
                " Ed25519 can do the same."
            ),
            "Compare the fingerprint of the key with the one that the service has made known by another way.",
            (
                "The service keeps which positions the result was computed from and under which settings, and can"
                ' compute it again ("cordon evidence reproduce").'
            ),
        ),
    )
