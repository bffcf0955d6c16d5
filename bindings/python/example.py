"""From a card to a record that has arrived: `python3 bindings/python/example.py out/dev/card.txt`."""

import asyncio
import hashlib
import hmac
import json
import pathlib
import secrets
import sys

import tabara


class DeskSecret(tabara.DeviceSecret):
    """HMAC keys in a file: enough for a first try, and not for people. A phone uses its key store."""

    def __init__(self, file):
        self.file = file
        self.keys = json.loads(file.read_text()) if file.exists() else {}

    def derive(self, purpose, input):
        if purpose not in self.keys:
            self.keys[purpose] = secrets.token_hex(32)
            self.file.write_text(json.dumps(self.keys))
        return hmac.digest(bytes.fromhex(self.keys[purpose]), input, hashlib.sha256)

    def forget(self, purpose):
        self.keys.pop(purpose, None)
        self.file.write_text(json.dumps(self.keys))


async def screening(folder, secret, card, pin):
    phone = tabara.FocalPoint.open(folder, secret)
    state = phone.state()
    if state.is_locked():
        phone.unlock(pin)  # slow: key stretching
    elif not state.is_unlocked():
        phone.enrol(card, pin)  # slow; needs no network
    await phone.sync(None)  # brings the questionnaires the first time
    session = phone.start(phone.questionnaires()[0].id, "fr")
    page = session.page()  # everything to draw one page
    print(page.title, [question.label for question in page.questions])
    page = session.answer("s2_age", "22")  # on the disk when it returns; the page as it is now
    page = session.next()  # page.refused: the questions' messages say why
    for consent in range(1, 8):
        session.answer(f"s3_c{consent}", "yes")
    session.stop()  # an interview to the end: until page.last, and missing() is empty
    finished = session.finish(None)  # sealed and signed; the answers are erased
    report = await phone.sync(None)  # the record leaves
    phone.lock()
    return finished, report  # finished.code and finished.undo go onto the person's slip


if __name__ == "__main__":
    card = pathlib.Path(sys.argv[1])
    folder = card.parent / "phone"
    secret = DeskSecret(card.parent / "phone-secret.json")
    finished, report = asyncio.run(screening(str(folder), secret, card.read_text(), "271828"))
    print(f"code of the slip: {finished.code}; records that arrived: {report.accepted}")
