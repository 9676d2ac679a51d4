"""Versions of ours, read by the programs that they were written for."""
