"""The error tree. Every error that Cordon raises on purpose is one of these, and says what, where and what to do."""


class CordonError(Exception):
    """The root: a command prints its message and exits 1; the API answers it as a problem."""


class InputError(CordonError):
    """The sender's fault: the message names the value and the remedy."""


class ConfigurationError(CordonError):
    """A setting or a deployment is wrong; starting again without a change will not help."""


class UnavailableError(CordonError):
    """A server that we need does not answer; trying again may help."""


class FencedError(CordonError):
    """Another worker has taken the partition over; what was decided for it must not be written."""
