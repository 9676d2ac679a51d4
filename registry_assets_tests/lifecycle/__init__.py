"""The life of a version, step by step, each with what may go wrong in it."""
