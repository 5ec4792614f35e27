"""Metrics of texts: diversity, overlap with a reference, recognised emotions; pure."""
