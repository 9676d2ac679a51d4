"""Crashes: a process is killed between two steps, and the next one finds nothing half-done."""
