"""``python -m transcription.core.evaluation``, which ``script/evaluate`` runs."""

from __future__ import annotations

import sys

from transcription.core.evaluation.command import main

sys.exit(main())
