"""The weights of engines on this machine: fetched once, verified, removed when old."""
