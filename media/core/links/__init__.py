"""Songs from links: every connection goes through one guarded door. See docs/adr/0016."""
