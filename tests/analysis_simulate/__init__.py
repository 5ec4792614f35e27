"""Tests of the simulator and its certificate."""
