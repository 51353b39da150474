"""A song taken apart into its instruments by a Demucs network, however long it is."""
