"""From positions to values, rests, beams and tuplets; ghosts and accents."""
