"""The `registry` command, on a real registry with a history."""
