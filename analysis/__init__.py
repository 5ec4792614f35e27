"""The statistics: pure functions on arrays and tables, without I/O, network, clock or global random state.

`audit.audit` runs all of it on a study's tables; every other module is one statistic or one family.
"""
