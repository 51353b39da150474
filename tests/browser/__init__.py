"""The site as people use it: a real server process, a real browser."""
