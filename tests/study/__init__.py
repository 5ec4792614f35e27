"""Tests of `judge.study`."""
