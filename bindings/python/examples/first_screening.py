"""A phone of your own, from nothing to a synced screening.

    ./x dev-server                                        # in another terminal: a server, and a card in out/dev
    bindings/build.sh                                     # the library and this package
    PYTHONPATH=bindings/python python3 bindings/python/examples/first_screening.py

A card enrols one phone: give `./x dev-server` another start, or the program another card, to run it again.
"""

import asyncio
import hashlib
import hmac
import pathlib
import secrets
import sys
import tempfile

import tabara

# What an invented woman of 22 says. Questions that are not here are left unanswered.
ANSWERS = {
    **{f"s3_c{n}": "yes" for n in range(1, 8)},
    **dict.fromkeys(["s3_stats", "s3_keep", "j_left", "q_job", "q_pay", "q_debt_go", "q_hours", "q_docs", "q_beaten"], "yes"),
    "s2_age": "22",
    "s2_age_unsure": "no",
    "p_already": "no",
    "p_sex": "f",
    "j_where": "SA",
    "j_start": "2025-03-01",
    "q_what": "ex_domestic",
}


class MemorySecret(tabara.DeviceSecret):
    """Stands in for the phone's key store: random keys in memory, one for each purpose. They end with the program."""

    def __init__(self):
        self.keys = {}

    def derive(self, purpose, input):
        return hmac.digest(self.keys.setdefault(purpose, secrets.token_bytes(32)), input, hashlib.sha256)

    def forget(self, purpose):
        self.keys.pop(purpose, None)


def screen(phone):
    """One interview, page by page."""
    session = phone.start(phone.questionnaires()[0].id, "en")
    page = session.page()
    while True:
        for question in page.questions:
            if question.path in ANSWERS:
                page = session.answer(question.path, ANSWERS[question.path])
        if page.last:
            return session.finish(None)
        page = session.next()
        if page.refused:
            sys.exit(f"these questions want an answer: {[q.path for q in page.questions if q.message]}")


def main():
    card = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "out/dev/card.txt").read_text()
    with tempfile.TemporaryDirectory() as folder:
        phone = tabara.FocalPoint.open(folder, MemorySecret())
        phone.enrol(card, "482913")
        asyncio.run(phone.sync(None))
        finished = screen(phone)
        print(f"sealed; code of the slip: {finished.code}; outcome: {finished.result.outcome.label}")
        report = asyncio.run(phone.sync(None))
        print(f"synced: {report.accepted} record accepted")


if __name__ == "__main__":
    main()
