"""What an audit imports: a run of two thousand duels must not pay for statistics that it does not have."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

AUDIT = """
import json, sys
import pandas as pd
from judge.analysis.audit import AuditInput, audit

light = [name for name in sys.modules if name.startswith(("scipy", "judge.analysis."))]
row = dict(criterion="c", rater_kind="judge", rater_id="j", order="AB")
duels = pd.DataFrame([
    dict(row, dialogue_id=f"d{n}", system_a="a", system_b="b", verdict="A" if n % 3 else "B")
    for n in range(30)
])
features = pd.DataFrame([
    dict(dialogue_id=f"d{n}", system_id=s, n_words=float(n % 7 + len(s))) for n in range(30) for s in "ab"
])
found = audit(AuditInput(duels=duels, features=features))
print(json.dumps({"light": light, "modules": sorted(sys.modules), "findings": len(found)}))
"""


def loaded() -> dict[str, Any]:
    """Audit a judge's duels without people in a process of its own."""
    done = subprocess.run([sys.executable, "-c", AUDIT], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_duels_without_people_need_little():
    """No scipy until a quantile is asked for, and never its heavy parts; nothing about people or labels."""
    found = loaded()
    assert found["findings"] > 20
    assert not [name for name in found["light"] if name.startswith("scipy")]
    assert len(found["light"]) < 8
    heavy = {"scipy.stats", "scipy.linalg", "scipy.sparse", "scipy.optimize", "judge.analysis.panel"}
    families = ("judge.analysis.agreement.", "judge.analysis.calibration.", "judge.analysis.mixed.")
    assert not heavy & set(found["modules"])
    assert not [name for name in found["modules"] if name.startswith(families)]
