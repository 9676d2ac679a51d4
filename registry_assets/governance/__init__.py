"""Who may move what, on which evidence: policy, the one decision, required metadata."""
