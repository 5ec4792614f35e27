"""Ranking systems from duels: win rates, strengths, ranks, and when to stop asking."""
