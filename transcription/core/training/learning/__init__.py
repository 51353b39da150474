"""From sound to weights: examples, batches, losses, runs."""
