"""The second way to the same number: each rater as the instrument of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from judge.analysis.bias.eiv import EIVFit, HumanMoments, mom_eiv

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

AGREE = 0.3
"""Standard errors by which the two ways may differ, beyond what chance allows them."""


def oriv(judge: ArrayLike, features: ArrayLike, people: HumanMoments, cluster: ArrayLike) -> EIVFit:
    """Regress a judge on quality and features by obviously related instrumental variables.

    Each rating of an item in turn stands for quality, with the mean of the item's other ratings as its
    instrument; the equations of an item share one weight. Written out, the moments are those of `mom_eiv`
    with each item's noise estimated from its own raters, so that noise may vary from item to item; items
    with one rater are left out.

    Parameters
    ----------
    judge, features, people, cluster
        As for `mom_eiv`.

    Returns
    -------
    EIVFit
        With the delete-one-cluster jackknife.

    Raises
    ------
    NotIdentified
        As for `mom_eiv`.

    References
    ----------
    Gillen, Snowberg and Yariv 2019, doi:10.1086/701681.

    Examples
    --------
    >>> from judge.analysis.bias.eiv import Ratings, human_moments
    >>> rng = np.random.default_rng(0)
    >>> q = rng.normal(size=900); x = .5 * q + rng.normal(size=900)
    >>> h = (q[:, None] + rng.normal(size=(900, 2))).ravel()
    >>> people = human_moments(Ratings(np.repeat(np.arange(900), 2), np.tile([0, 1], 900), h, 900))
    >>> fit = oriv(q + .3 * x, x, people, np.arange(900) // 3)
    >>> bool(abs(fit.coef[1] - .3) < .1)
    True
    """
    return mom_eiv(judge, features, people, cluster, noise="own")


def disagreement(first: EIVFit, second: EIVFit, index: int) -> float:
    """Return by how many standard errors of `first` two fits differ, beyond twice the error of a difference.

    Nought or less means that they agree as well as chance allows. The error of the difference is that of the
    jackknife over the clusters of both; where everything is rated by all it is nearly nought, and where few
    items have two raters it is large, because the second fit then uses few items.
    """
    both = []
    every = np.union1d(first.clusters, second.clusters)
    for fit in (first, second):
        column = np.full(every.size, fit.coef[index])
        column[np.searchsorted(every, fit.clusters)] = fit.replicates[:, index]
        both.append(column)
    apart = both[0] - both[1]
    error = np.sqrt((every.size - 1) / every.size * ((apart - apart.mean()) ** 2).sum())
    gap = abs(first.coef[index] - second.coef[index])
    return float((gap - 2 * error) / first.std_error[index]) if first.std_error[index] > 0 else 0.0
