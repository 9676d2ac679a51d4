"""What people read of an evaluation, made from real rows and looked into."""
