"""Deciding: pure functions from texts to groups and stories; no I/O, no clock, no settings."""
