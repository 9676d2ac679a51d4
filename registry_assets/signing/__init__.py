"""Signatures with OpenSSH keys, and the statements and envelopes that they stand on.

Values and pure functions over bytes, but for files of keys and the ssh-agent. Whose key a key
is, and what a signature is worth, is decided in `governance/`.
"""
