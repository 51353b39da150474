"""What a score is taken away as; ``exports`` names every format."""
