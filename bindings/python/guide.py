"""A whole screening as `bindings/GUIDE.md` tells it: `python3 bindings/python/guide.py out/dev/card.txt`."""

import asyncio
import pathlib
import sys
import tempfile

import tabara
from example import DeskSecret

# What a young woman tells who was sent to the Gulf; all else is left unanswered.
ANSWERS = {"s1_path": "full", "s2_age": "22", "s2_age_unsure": "no", "p_already": "no", "p_sex": "f"}
ANSWERS |= {f"s3_c{n}": "yes" for n in range(1, 8)} | {"s3_stats": "yes", "s3_keep": "yes"}
ANSWERS |= {"j_left": "yes", "j_where": "SA", "j_arranged": "agency", "j_start": "2025-03-01", "q_what": "ex_domestic"}
ANSWERS |= {name: "yes" for name in ("q_job", "q_pay", "q_debt_go", "q_hours", "q_paid", "q_move", "q_docs", "q_beaten")}


def main(card, folder, secret_file):
    phone = tabara.FocalPoint.open(folder, DeskSecret(secret_file))
    phone.enrol(card, "271828")  # slow: the PIN is stretched; no network is needed
    asyncio.run(phone.sync(None))  # brings the questionnaire
    session = phone.start(phone.questionnaires()[0].id, "en")
    page = session.page()
    while not page.last:
        for question in page.questions:
            if question.path in ANSWERS:
                page = session.answer(question.path, ANSWERS[question.path])  # on the disk when it returns
        page = session.next()
        assert not page.refused, [question.message for question in page.questions]
    print(session.screening_result().outcome.label)
    finished = session.finish(None)  # sealed and signed; the answers are erased
    print("for her slip:", finished.code, finished.undo)
    print("arrived:", asyncio.run(phone.sync(None)).accepted)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        main(pathlib.Path(sys.argv[1]).read_text(), f"{place}/phone", pathlib.Path(place) / "secret.json")
