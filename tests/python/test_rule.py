"""The rule in Rust against its reference in Python, `data/validate.py`: both judge the same random answer sheets."""

import contextlib
import io
import json
import os
import pathlib
import random
import runpy
import subprocess
import sys
from paths import ROOT, TARGET

JUDGE = TARGET / "debug" / "examples" / "judge"
REFERENCE = pathlib.Path(os.environ.get("TABARA_SHARED", ROOT.parent / "shared")) / "data" / "validate.py"
SHEETS = 500


def reference(seed):
    """The functions of the reference, its own checks done; they draw from the given seed."""
    argv, sys.argv = sys.argv, [str(REFERENCE), str(seed), "0"]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return runpy.run_path(str(REFERENCE))
    finally:
        sys.argv = argv


def in_words(assessment):
    """An assessment as the reference tells it."""
    consent = assessment["consent"]
    raised, review = assessment.get("flags", []), assessment.get("review", [])
    flags = [f for f in raised if f == "F_child_protection"] + assessment.get("urgent", [])
    if not consent["record"]:
        return {"outcome": "not_screened", "facts": "empty", "flags": " ".join(sorted(flags))}
    return {
        "profile": "|".join(assessment["profiles"]),
        "rule_path": assessment["rule_path"],
        "positive": " ".join(assessment["positive"]),
        "act": str(assessment["act"]).lower(),
        "purpose": str(assessment["purpose"]).lower(),
        "outcome": assessment["outcome"],
        "tier": str(assessment.get("tier", "")),
        "review": str(bool(review)).lower(),
        "review_reasons": "|".join(review),
        "flags": " ".join(sorted(flags) + ["F_stopped"] * ("F_stopped" in raised)),
        "facts": "yes" if consent["count"] else "empty",
    }


def test_both_judge_random_sheets_alike():
    if not REFERENCE.is_file():
        print("absent: the reference of the rule is not beside this clone (TABARA_SHARED)")
        return
    seed = random.SystemRandom().randrange(10**9)
    print("seed", seed)
    rule = reference(seed)
    drawn = []
    for at in range(SHEETS):
        sheet = rule["random_sheet"]()
        # "Inside Burundi" is the only choice of ours for a journey that stayed in the country
        if sheet.get("j_where") == "BI":
            sheet["j_where"] = "internal"
        drawn.append((sheet, at % 5 == 0))
    lines = [
        json.dumps({
            # every question is asked, as the reference takes it
            "answers": {q: a if isinstance(a, str) else " ".join(sorted(a)) for q, a in sheet.items()} | {"s1_path": "full"},
            "stopped": stopped,
        })
        for sheet, stopped in drawn
    ]
    done = subprocess.run([JUDGE], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    judged = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(judged) == SHEETS
    outcomes = set()
    for (sheet, stopped), assessment in zip(drawn, judged):
        expected = rule["screen"](sheet, stopped)
        ours = in_words(assessment)
        assert ours == {key: expected[key] for key in ours}, f"seed {seed}: {sheet}"
        outcomes.add((ours["outcome"], ours.get("tier", "")))
    assert {outcome for outcome, _ in outcomes} == {"not_screened", *rule["OUT"]}, f"seed {seed}: only {outcomes}"
