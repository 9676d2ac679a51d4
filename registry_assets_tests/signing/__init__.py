"""Signing, beside the real ssh-keygen and ssh-agent: each makes what the other verifies."""
