"""The main job as stages: load, generate, judge, collect, analyse. `compare.compare` runs them in order."""
