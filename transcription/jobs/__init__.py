"""What a worker does with a stage: take it, run it, keep its files, and say what comes next."""
