"""Tests of the rubrics: headers, templates, fences, answers, command line."""
