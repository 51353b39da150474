"""Made-up songs for the beat tracker, and its patterns."""
