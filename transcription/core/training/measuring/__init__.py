"""What weights are worth on rendered songs, and how their peaks are judged."""
