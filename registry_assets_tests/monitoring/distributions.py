"""Numbers of many shapes, on which a grid is good, or bad."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Generator = np.random.Generator

SHAPES: dict[str, Callable[[Generator, int], Floats]] = {
    "normal": lambda g, n: g.normal(size=n),
    "far from zero": lambda g, n: g.normal(1e6, 1, n),
    "further from zero": lambda g, n: g.normal(-1.7e9, 40, n),
    "across a power of two": lambda g, n: g.normal(1024, 0.5, n),
    "uniform": lambda g, n: g.uniform(0, 1, n),
    "lognormal": lambda g, n: g.lognormal(3, 1.5, n),
    "heavy tail": lambda g, n: g.pareto(1.5, n) + 1,
    "two hills": lambda g, n: np.where(g.random(n) < 0.3, g.normal(-50, 1, n), g.normal(80, 3, n)),
    "mostly zero": lambda g, n: np.where(g.random(n) < 0.8, 0.0, g.exponential(9, n)),
    "all sizes": lambda g, n: 10.0 ** g.uniform(-12, 3, n) * g.choice([-1, 1], n),
    "whole": lambda g, n: g.integers(0, 300, n).astype(float),
    "rounded": lambda g, n: np.round(g.normal(20, 5, n), 2),
    "few": lambda g, n: g.choice([0.5, 1.5, 2.5, 7.0], n),
    "small unit": lambda g, n: g.normal(3, 1, n) * 1e-7,
    "large unit": lambda g, n: g.normal(3, 1, n) * 1e150,
}


def drawn(shape: str, rows: int, *, seed: int) -> Floats:
    """Give (rows,) numbers of a shape."""
    return SHAPES[shape](np.random.default_rng(seed), rows)
