"""Weights & Biases: what is published to a collection of its registry, and read from one.

Its client runs in a process of its own (`program`): it starts another one, writes to the home
folder of whoever calls it, and keeps one state for all that is done in a process. Here is what
starts that process, and what is said to it; nothing outside of `program` imports its client.
"""
