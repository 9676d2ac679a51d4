"""What a deployment does after it was promoted: scored, measured, recorded, told."""
