"""From seconds to positions, and what a person corrects of the beat."""
