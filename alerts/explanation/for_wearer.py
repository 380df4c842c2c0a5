"""The explanation as the wearer may have it: what happened, and what was said of it. No distance, buffer or approach.

Distances to a boundary, of several alerts, tell how a zone lies about what it protects; that a tag came near tells how
near one may come. It is the same for every zone: a document that kept silent of victims' zones only would name them.
"""

from dataclasses import replace

from alerts.explanation.documents import Explanation, Section
from model.enums import AlertKind

KEPT = frozenset({"What happened", "The authorisation", "The zone as it stood", "What was said of it, and when"})
OF_POLICY = "Policy "
CONFIRMED = "Positions of the tag confirmed it."


def for_wearer(explanation: Explanation) -> Explanation | None:
    """None where the wearer is to have none: of an approach, or of a zone that is not disclosed to them."""
    if explanation.kind is AlertKind.APPROACH_WARNING:
        return None
    if explanation.zone is None:
        return explanation
    if not explanation.zone.is_disclosed:
        return None
    return replace(
        explanation,
        rule=replace(explanation.rule, in_words=CONFIRMED),
        zone=replace(explanation.zone, preset="", policy={}),
        positions=(),
        nearest=None,
        why_not_sooner=(),
        sections=tuple(_kept(one) for one in explanation.sections if one.heading in KEPT),
    )


def _kept(section: Section) -> Section:
    paragraphs = (one for one in section.paragraphs if not one.startswith(OF_POLICY))
    return Section(section.heading, tuple(paragraphs))
