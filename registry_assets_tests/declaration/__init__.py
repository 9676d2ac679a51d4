"""Declarations: what is refused where it is written, and how gates judge."""
