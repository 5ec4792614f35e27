"""Tests of the mixed model."""
