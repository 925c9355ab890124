"""Answers to come: of a call that was sent ahead, of what follows from such an answer, or one that is there already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

A = TypeVar("A")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Pending(Protocol[T_co]):
    """An answer to come; `result` waits for it, and raises what went wrong."""

    def result(self) -> T_co: ...


class Done(Generic[T]):
    """An answer that is there."""

    def __init__(self, answer: T) -> None:
        self._answer = answer

    def result(self) -> T:
        """The answer."""
        return self._answer


class After(Generic[A, T]):
    """What is made of another answer when somebody asks for it."""

    def __init__(self, first: Pending[A], then: Callable[[A], T]) -> None:
        self._first, self._then = first, then

    def result(self) -> T:
        """The answer; made anew where it is asked for again."""
        return self._then(self._first.result())
