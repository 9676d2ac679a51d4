"""Tests of what an evaluation says about its data."""
