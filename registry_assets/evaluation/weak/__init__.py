"""Slices nobody named on which a model is weak: searched for, and given as advice.

advice      the search as an evaluation makes it, with the headline metric of what it found
search      conditions on columns, and pairs of them, corrected for how many were tried
conditions  from a column to conditions, and back to the rows that meet them
welch       whether one mean is above another, from sums
"""
