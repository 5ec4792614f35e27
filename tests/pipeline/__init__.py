"""Tests of the main job, from files to findings."""
