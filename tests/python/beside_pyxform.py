"""`form check` beside pyxform: the field's workbooks, and mutated copies of them (a cell changed, two rows swapped, a header
misspelt). Both accept a form or both refuse it; every disagreement must be of a kind that is explained below.

Run by name: `target/venv/bin/python tests/python/beside_pyxform.py [NUMBER OF MUTANTS] [SEED]`. The workbooks lie in the shared
folder; without it there is nothing to run.
"""

import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import openpyxl
from paths import ROOT, TARGET
from pyxform.xls2xform import convert

DESK = TARGET / "debug" / "tabara-desk"
SHARED = Path(os.environ.get("TABARA_SHARED", ROOT.parent / "shared"))
WORKBOOKS = SHARED / "forms" / "workbooks"

# What we refuse and pyxform takes, by our code: pyxform does not look at expressions, and reads no file beside the form.
STRICTER = {
    "bad-expression": "an expression that no phone can evaluate",
    "unknown-function": "a function that no phone has",
    "bad-arguments": "a function with a wrong number of arguments",
    "unknown-list": "instance() of a list that does not exist",
    "cycle": "values that depend on each other",
    "file-beside": "a table beside the form that is not there",
    "bad-regex": "a pattern that no phone can read",
    "unsupported-type": "a type that is not kept (osm, loops, matrices)",
    "failed-formula": "a cell that holds #REF! or its like",
    "no-question": "a form without questions",
    "bad-truth": "neither yes nor no in a column of ours",
    "ambiguous-reference": "a bare name in an expression that two questions have",
    "unknown-reference": "a bare name in an expression that no question has",
    "space-in-choice": "a choice with a space in a select_multiple: pyxform checks it only without a filter",
    "no-type": "a row with a label or name and no type",
}
# What pyxform refuses and we take, by its words; `--pyxform-compatible` must say so.
LAXER = {
    r"recognized as a supported type": "told by content, not by the file's name",
    r"entit|save_to": "entities are not kept, and not checked",
    r"Media type": "a kind of media that is not known",
}
FAULTS_OF_PYXFORM = r"INTERNAL|TypeError|AttributeError|KeyError|IndexError|UnboundLocalError"


def theirs(path):
    try:
        convert(path, validate=False)
        return None
    except Exception as error:  # pyxform lets Python's own errors through
        return f"{type(error).__name__}: {error}"


def check(path, *more):
    done = subprocess.run([DESK, "form", "check", "--json", *more, path], capture_output=True, text=True, check=False)
    return [fault for fault in json.loads(done.stdout)["faults"] if fault["severity"] == "error"]


def ours(path):
    errors = check(path)
    absent = {fault["arguments"]["file"] for fault in errors if fault["message_id"] == "no-such-file"}
    for name in absent:
        # pyxform reads no file beside the form: a small one takes its place
        rows = {".csv": "name,label\nx,X\n", ".xml": "<root><item><name>x</name><label>X</label></item></root>"}
        (path.parent / name).write_text(rows.get(Path(name).suffix, '{"features":[{"id":"x","properties":{"title":"X"}}]}'))
    return check(path) if absent else errors


def mutate(source, target, chance):
    book = openpyxl.load_workbook(source, data_only=True)
    sheets = [s for s in book.worksheets if s.title.lower() in ("survey", "choices", "settings") and s.max_row > 1]
    sheet = chance.choice(sheets)
    rows = min(sheet.max_row, 1000)
    filled = [c for row in sheet.iter_rows(max_row=rows) for c in row if c.value not in (None, "")]
    kind = chance.choice(["cell", "swap", "header"])
    if kind == "swap":
        one, other = chance.randint(2, rows), chance.randint(2, rows)
        for column in range(1, sheet.max_column + 1):
            a, b = sheet.cell(one, column), sheet.cell(other, column)
            a.value, b.value = b.value, a.value
        what = f"{sheet.title}: rows {one} and {other} swapped"
    else:
        cell = chance.choice([c for c in filled if (c.row == 1) == (kind == "header")])
        text = str(cell.value)
        place = chance.randrange(len(text))
        value = chance.choice(
            [text[:place] + text[place + 1 :], text[:place] + chance.choice("aZ_ 1(${'") + text[place:], text.upper(), ""]
            + ([chance.choice(filled).value] if kind == "cell" else [])
        )
        cell.value = value or None
        what = f"{sheet.title} {cell.coordinate}: {text!r} -> {value!r}"
    book.save(target)
    return what


def kind_of(path, error, errors):
    if error is None:
        explained = [STRICTER.get(fault["code"]) for fault in errors]
        return None if None in explained else "we refuse: " + explained[0]
    if re.search(FAULTS_OF_PYXFORM, error):
        return "we take: a fault of pyxform itself"
    told = any(fault["code"] == "pyxform" for fault in check(path, "--pyxform-compatible"))
    for words, why in LAXER.items():
        if re.search(words, error, re.IGNORECASE):
            return "we take: " + why if told else None
    return None


def main():
    number, seed = (int(word) for word in (sys.argv[1:] + ["500", "1"][len(sys.argv) - 1 :])[:2])
    if not WORKBOOKS.is_dir():
        print("beside pyxform: absent")
        return 0
    originals = sorted(p for p in WORKBOOKS.iterdir() if p.suffix.startswith(".xls"))
    chance = random.Random(seed)
    kinds, open_ones, agreed, run = collections.Counter(), [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        small = [p for p in originals if p.suffix != ".xls" and p.stat().st_size < 120_000]
        forms = []
        for path in originals:
            copy = Path(folder) / path.name
            copy.write_bytes(path.read_bytes())
            forms.append((copy, path.name))
        while len(forms) < len(originals) + number:
            source, target = chance.choice(small), Path(folder) / f"{len(forms)}.xlsx"
            try:
                forms.append((target, f"{source.name} {mutate(source, target, chance)}"))
            except Exception as error:  # openpyxl cannot read or write every workbook
                print(f"not mutated: {source.name}: {error}", file=sys.stderr)
                small.remove(source)
        for path, what in forms:
            error, errors = theirs(path), ours(path)
            run += 1
            if (error is None) == (not errors):
                agreed += 1
                continue
            kind = kind_of(path, error, errors)
            if kind is None:
                open_ones.append((what, error, [f"{f['sheet']} {f.get('cell') or f['row']} {f['code']}: {f['message']}" for f in errors[:3]]))
            else:
                kinds[kind] += 1
    print(f"beside pyxform: {agreed}/{run} agree, {sum(kinds.values())} differ in {len(kinds)} known kinds, {len(open_ones)} open")
    for kind, count in kinds.most_common():
        print(f"  {count:4} {kind}")
    for what, error, errors in open_ones:
        print(f"open: {what}\n  pyxform: {error and error[:300]}\n  ours: {errors}")
    return 1 if open_ones else 0


if __name__ == "__main__":
    sys.exit(main())
