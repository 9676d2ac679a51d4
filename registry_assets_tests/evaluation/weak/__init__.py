"""Tests of the search for weak slices."""
