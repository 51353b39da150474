"""Making the detector: rendering drum music whose every stroke is known, and learning from it."""
