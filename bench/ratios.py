"""Ratios of neighbours in time: their median, and how far it can be trusted."""

from __future__ import annotations

from random import Random
from statistics import median, quantiles

RESAMPLES = 2000


def spread(ratios: list[float]) -> str:
    """The median of ratios, with its interval."""
    low, high = interval(ratios)
    return f"{median(ratios):.3f} ({low:.3f} to {high:.3f})"


def interval(ratios: list[float]) -> tuple[float, float]:
    """The bounds of 95 of 100 medians, by drawing from the ratios anew (bootstrap)."""
    draw = Random(7)
    medians = [median(draw.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES)]
    cuts = quantiles(medians, n=40)
    return cuts[0], cuts[-1]
