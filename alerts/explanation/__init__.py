"""Why an alert was raised, how sure it is, and why not sooner: from what is stored, without a clock (pure)."""

from alerts.explanation.documents import Explanation
from alerts.explanation.explain import explain
from alerts.explanation.for_wearer import for_wearer

__all__ = ["Explanation", "explain", "for_wearer"]
