"""From strokes to sound: one-shots and models, kits, rooms, mixes."""
