"""When to ask again after a failure, and when to give up. The strategies are tenacity's.

They are used as the pure functions that they are: a question that failed waits in a timer and not in a
worker, so that the worker can go on with the next question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from judge.errors import ProviderFailure
    from judge.runner.jobs import Limits

FIRST_S = 0.1
LONGEST_S = 30.0
JITTER_S = 0.15


class Backoff:
    """Says how long to wait before the next call for a question.

    Parameters
    ----------
    limits
        `max_attempts` and `max_wait` count.
    """

    def __init__(self, limits: Limits) -> None:
        # tenacity is loaded at the first failure: most runs on a good day never need it.
        from tenacity import stop_after_attempt, stop_after_delay, wait_exponential, wait_random

        self._wait = wait_exponential(multiplier=FIRST_S, max=LONGEST_S) + wait_random(0.0, JITTER_S)
        self._attempts = stop_after_attempt(limits.max_attempts)
        self._delay = stop_after_delay(limits.max_wait)

    def delay(self, failure: ProviderFailure, *, attempts: int, first_at: float, now: float) -> float | None:
        """Return the seconds to wait, or None to give up.

        Parameters
        ----------
        failure
            Its `retry_after` is kept to, whatever our own strategy says.
        attempts
            Calls so far; those that were refused for the rate limit do not count towards the limit.
        first_at, now
            Monotonic seconds: of the first call, and of this moment.
        """
        if not failure.retryable:
            return None
        state = _state(attempts, first_at, now)
        if self._delay(state) or (failure.kind != "rate_limited" and self._attempts(state)):
            return None
        return max(float(self._wait(state)), failure.retry_after or 0.0)


def _state(attempts: int, first_at: float, now: float) -> Any:
    from tenacity import RetryCallState

    state = RetryCallState(retry_object=None, fn=None, args=(), kwargs={})  # type: ignore[arg-type] # unused
    state.attempt_number = max(1, attempts)
    state.start_time, state.outcome_timestamp = first_at, now
    return state
