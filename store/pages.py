"""A page of a list whose reading is recorded: no more is read than is shown."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: list[T]
    goes_on: bool  # whether another page follows
