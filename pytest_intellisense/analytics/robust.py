"""Middle and spread that a few wild values do not move."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MAD_TO_SIGMA = 1.4826
"""The median absolute deviation of normal noise times this is its standard deviation (Rousseeuw and Croux 1993)."""

LEAST_SIGMA = 0.02
"""Of the median: times that repeat more closely are taken to repeat to this, for a tick of a clock is no surprise."""

LIMIT = 3.5
"""Modified z-scores beyond it are outliers (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993)."""


def modified_z(values: npt.NDArray[np.float64], least_sigma: float) -> npt.NDArray[np.float64]:
    """How many robust standard deviations (`least_sigma` at least) each value lies above the median of all."""
    middle = np.median(values)
    sigma = max(MAD_TO_SIGMA * float(np.median(np.abs(values - middle))), least_sigma)
    return (values - middle) / sigma
