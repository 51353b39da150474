"""How long a score may be that is stored, drawn and edited, wherever it comes from."""

from __future__ import annotations

MOST_HITS = 20_000  # about an hour of eighths with kick and snare at 120 beats a minute
MOST_BARS = 5_000  # nearly three hours at 120 beats a minute
