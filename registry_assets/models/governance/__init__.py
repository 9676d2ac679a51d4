"""A high-risk model walks through policy, approvals, promotion and rollback: `make governance`."""
