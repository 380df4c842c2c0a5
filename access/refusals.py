"""What was offered as proof of who somebody is, and is none."""

from enum import StrEnum

from ops.errors import CordonError

HAS_LEFT = "Your account here has ended: you are recorded as having left."


class Because(StrEnum):
    """Why somebody was not let in, as the audit says it."""

    PROVIDER_REFUSED = "provider_refused"
    CODE_NOT_TAKEN = "code_not_taken"
    NOT_BEGUN_HERE = "not_begun_here"
    REPLAYED = "replayed"
    WRONG_ISSUER = "wrong_issuer"
    NOT_A_TOKEN = "not_a_token"  # noqa: S105 -- the name of a reason
    WRONG_SIGNATURE = "wrong_signature"
    WRONG_CLAIMS = "wrong_claims"
    EXPIRED = "expired"
    NO_SUBJECT = "no_subject"
    NO_ROLE = "no_role"
    SEVERAL_ROLES = "several_roles"
    NO_FORCE = "no_force"
    UNKNOWN_MACHINE = "unknown_machine"
    HAS_LEFT = "has_left"
    PROVIDER_SILENT = "provider_silent"
    NOT_A_DEMONSTRATION = "not_a_demonstration"
    FORGED_REQUEST = "forged_request"
    NO_LIVE_TOKEN = "no_live_token"  # noqa: S105 -- the name of a reason


class NotLetInError(CordonError):
    """The message says to the sender what is wrong and what to do; ``because`` is for the audit, as is ``subject``,
    which is theirs where it was proved.
    """

    def __init__(self, because: Because, message: str, subject: str | None = None) -> None:
        super().__init__(message)
        self.because = because
        self.subject = subject
