"""Whoever answers a prompt: hosted models, servers of your own, an embedded model, a recording.

`judge.providers.base` is the seam; `judge.providers.registry` is the one place that turns a name into a
provider. No vendor's SDK is imported before the first call that needs it.
"""
