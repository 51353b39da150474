"""Tests of the whole: what no single app can be held to."""
