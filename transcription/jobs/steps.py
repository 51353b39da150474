"""What comes next in a job."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from transcription.core.stages import Stage


@dataclass(frozen=True, slots=True)
class NextStep:
    """A stage that is ready to be put on its queue, after ``delay_s`` when it is another attempt."""

    job_id: UUID
    stage: Stage
    delay_s: float = 0.0
