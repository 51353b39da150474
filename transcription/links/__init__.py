"""Songs from links: what people ask for, and what a worker does with it."""
