"""Tests of `judge.tables`."""
