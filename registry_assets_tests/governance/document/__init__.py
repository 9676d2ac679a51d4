"""Tests of the policy as a team writes it."""
