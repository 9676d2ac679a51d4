"""Digits as meters show them, and what each is.

The digits data that scikit-learn ships: E. Alpaydin and C. Kaynak, 1,797 pictures of 8 × 8.
"""

import pandas as pd
from sklearn.datasets import load_digits


def readings() -> pd.DataFrame:
    """Give a row per reading: its pixels, and the digit that it is of."""
    found = load_digits(as_frame=True)
    pixels: pd.DataFrame = found.data
    digit = found.target.map(lambda shown: f"digit {shown}").astype("str")
    return pixels.assign(reading=range(len(pixels)), digit=digit)
