"""The history of a case in words."""

from collections.abc import Sequence

from model.casework import SERVICE_SUBJECT, CaseAction, CaseEntry

_WORDS = {
    CaseAction.ACKNOWLEDGE: "acknowledged it",
    CaseAction.START_REVIEW: "began to review it",
    CaseAction.NOTE: "made a note",
    CaseAction.CONTACT: "noted a contact",
    CaseAction.ASSIGN: "assigned it to {to}",
    CaseAction.HAND_OVER: "handed it over to {to}",
    CaseAction.COMPLETE_STEP: "did the step {step} of the response plan: {step_text}",
    CaseAction.INVITE_ACCOUNT: "asked the wearer for their account",
    CaseAction.RECORD_ACCOUNT: "wrote down the wearer's account",
    CaseAction.CONTEST: "recorded that it is contested by the {by}",
    CaseAction.CLOSE: "closed it with the outcome {outcome_words}",
    CaseAction.REOPEN: "reopened it",
    CaseAction.AMEND: "late data moved its beginning or its end",
    CaseAction.UPGRADE: "late data made it more serious or more urgent",
    CaseAction.DOWNGRADE: "late data says that it was no breach",
    CaseAction.RETRACT: "late data took it back",
    CaseAction.REVIVE: "late data says that it goes on, or that it was so after all",
    CaseAction.ESCALATE: "nobody had done what was due: the next in line was told",
}


def entry_words(entry: CaseEntry) -> str:
    """Who did what, without the text of a note."""
    words = _WORDS[entry.action].format_map(entry.detail)
    return words[0].upper() + words[1:] if entry.acted_by == SERVICE_SUBJECT else f"{entry.acted_by} {words}"


def ticked(history: Sequence[CaseEntry], response_plan_id: int | None) -> dict[str, CaseEntry]:
    """Which steps of that plan are done, by whom and when, by their codes; none of a plan before it."""
    return {
        one.detail["step"]: one
        for one in history
        if one.action is CaseAction.COMPLETE_STEP and one.detail["response_plan_id"] == response_plan_id
    }
