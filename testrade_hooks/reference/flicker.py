"""The flicker filter: a cost basis that jumps where no trade could have brought it must be seen again to be believed."""

from __future__ import annotations

from dataclasses import dataclass

SAME = 0.005
ROUNDING = 1e-6
"""Sums of cents are not exact: 150.25 plus 0.05 is a little less than 150.30."""


@dataclass(frozen=True, slots=True)
class FlickerDecision:
    """`value` is the cost to go on with. `seen` counts sightings of a value that is not believed yet."""

    decision_type: str
    reason: str
    value: float
    stable: float | None
    seen: int = 0


@dataclass(slots=True)
class _Track:
    stable: float
    suspect: float | None = None
    seen: int = 0


class FlickerFilter:
    """Remembers per symbol the last believed cost, and a suspect value with how often it was seen in a row."""

    def __init__(self) -> None:
        self._tracks: dict[str, _Track] = {}

    def forget(self, symbol: str) -> None:
        self._tracks.pop(symbol, None)

    def reset(self) -> None:
        self._tracks.clear()

    def judge(
        self,
        symbol: str,
        cost: float,
        price: float | None,
        *,
        enabled: bool,
        tolerance: float,
        confirmations: int,
        add_shares: int,
    ) -> FlickerDecision:
        """Believe or doubt `cost`. An add at market price moves a cost towards the price: other moves are suspect.

        A suspect value is believed once it was seen `confirmations` more times in a row. `tolerance` is in dollars.
        """
        track = self._tracks.get(symbol)
        if not enabled:
            self._tracks[symbol] = _Track(cost)
            return FlickerDecision("FILTER_DISABLED_ACCEPTED", "the filter is off", cost, track.stable if track else None)
        if track is None:
            self._tracks[symbol] = _Track(cost)
            return FlickerDecision("INITIAL_VALUE_ACCEPTED", "first value of the symbol", cost, None)
        if self._plausible(cost, track.stable, price, tolerance, add_shares):
            self._tracks[symbol] = _Track(cost)
            return FlickerDecision("NON_FLICKER_ACCEPTED", "a trade could have brought it", cost, track.stable)
        repeated = track.suspect is not None and abs(cost - track.suspect) <= SAME
        track.suspect, track.seen = cost, track.seen + 1 if repeated else 0
        if track.seen >= confirmations:
            self._tracks[symbol] = _Track(cost)
            return FlickerDecision(
                "FLICKER_CONFIRMED", f"seen {track.seen + 1} times in a row", cost, track.stable, track.seen + 1
            )
        reason = (
            f"{cost:.2f} is out of reach from {track.stable:.2f}; seen {track.seen + 1} times, believed at {confirmations + 1}"
        )
        return FlickerDecision("FLICKER_REJECTED", reason, track.stable, track.stable, track.seen + 1)

    @staticmethod
    def _plausible(cost: float, stable: float, price: float | None, tolerance: float, add_shares: int) -> bool:
        """Where an add of `add_shares` at market to one share or more could have brought the cost, give or take."""
        market = stable if price is None else price
        furthest = stable + (market - stable) * add_shares / (add_shares + 1)
        return min(stable, furthest) - tolerance - ROUNDING <= cost <= max(stable, furthest) + tolerance + ROUNDING
