"""The form of a song: its sections, grooves, fills and stops."""
