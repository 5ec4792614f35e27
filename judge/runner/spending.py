"""Keeps a run inside its budget while many calls are in flight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from judge.errors import InputError

if TYPE_CHECKING:
    from judge.runner.jobs import Budget
    from judge.types import Answer, Request


class Ledger:
    """Reserves an estimate before each call and settles it with the real price afterwards.

    Spent and reserved together never pass the limit, so what is overshot is at most the error of the
    estimates of the calls in flight.

    Parameters
    ----------
    budget
        The limits.
    calls, dollars
        What earlier starts of the same run spent.
    """

    def __init__(self, budget: Budget, calls: int = 0, dollars: float = 0.0) -> None:
        self._price = budget.price
        self._max_cost, self._max_calls = budget.max_cost, budget.max_calls
        self.limited = self._max_cost is not None or self._max_calls is not None
        self.calls, self.dollars = calls, dollars
        self.open_calls, self.open_dollars = 0, 0.0

    def reserve(self, request: Request) -> float | None:
        """Reserve the price of a call; None where it does not fit now.

        Raises
        ------
        InputError
            There is a limit of dollars, and no price is known.
        """
        if not self.limited:
            return 0.0
        if self._max_calls is not None and self.calls + self.open_calls >= self._max_calls:
            return None
        estimate = 0.0
        if self._max_cost is not None:
            known = self._price(request, None) if self._price else None
            if known is None:
                raise InputError(
                    f"no price is known for {request.provider}/{request.model}, so a limit of cost cannot be "
                    "kept\n  mend: give its price, or limit the calls (max_calls) instead of the cost"
                )
            estimate = known
            if self.dollars + self.open_dollars + estimate > self._max_cost:
                return None
        self.open_calls += 1
        self.open_dollars += estimate
        return estimate

    def release(self, estimate: float) -> None:
        """Give a reservation back; an answer, if one came, is entered by `spend`."""
        if self.limited:
            self.open_calls -= 1
            self.open_dollars -= estimate

    def spend(self, request: Request, answer: Answer) -> float | None:
        """Enter an answer that has to be paid; returns its dollars, or None where the price is not known."""
        self.calls += 1
        cost = self._price(request, answer) if self._price else None
        if cost is not None:
            self.dollars += cost
        return cost

    @property
    def idle(self) -> bool:
        """Whether nothing is reserved: what does not fit now will never fit."""
        return self.open_calls == 0
