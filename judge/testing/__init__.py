"""A judge with planted behaviour, for your tests and ours: nobody needs to patch anything.

    from judge.testing import Behaviour, Faults, ScriptedProvider

    judge = ScriptedProvider(Behaviour(position=2.0, noise=0.5), seed=1)

It answers like a model would, in the form that the rubric asks for, from the question's structure. The same
request and repeat get the same answer, in any order and in any process.
"""

from judge.testing.behaviour import BEHAVIOURS, Behaviour
from judge.testing.faults import Faults
from judge.testing.scripted import ScriptedProvider

__all__ = ["BEHAVIOURS", "Behaviour", "Faults", "ScriptedProvider"]
