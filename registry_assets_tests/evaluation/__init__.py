"""What the evaluation promises about its numbers, held on real and on synthetic rows."""
