"""Tests of the bias diagnostics."""
