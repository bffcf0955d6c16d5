"""Eight threads at one object at once, while it is locked, unlocked and synced. `TABARA_HAMMER_SECONDS` says how long."""

import asyncio
import os
import random
import threading
import time

import tabara
from test_journey import PIN, enrolled


def test_eight_threads_get_answers_or_errors_of_the_table_and_the_interview_is_whole_afterwards(phone, deployment):
    session = enrolled(phone, deployment).start("returnee_screening", "en")
    session.jump("s2_age")
    seconds = int(os.environ.get("TABARA_HAMMER_SECONDS", "2"))
    end, faults, calls = time.monotonic() + seconds, [], [0] * 8

    def hammer(number, *works):
        while time.monotonic() < end:
            try:
                random.choice(works)()
            except (tabara.TabaraError.Locked, tabara.TabaraError.Answer):  # the question may be of another page now
                pass
            except BaseException as fault:
                faults.append(fault)
            calls[number] += 1

    def again():
        phone.lock()
        phone.unlock(PIN)

    people = (
        lambda: session.answer("s2_age", str(random.randrange(18, 60))),
        session.next,
        session.back,
        session.missing,
        phone.drafts,
        phone.waiting,
        phone.notices,
        lambda: [question.label for question in session.page().questions],
    )
    works = [people] * 6 + [(lambda: asyncio.run(phone.sync(None)),), (again,)]
    threads = [threading.Thread(target=hammer, args=(number, *work)) for number, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == [] and sum(calls) > 100
    print(f"{sum(calls)} calls in {seconds} s")
    if phone.state().is_locked():
        phone.unlock(PIN)
    session.answer("s2_age", "33")
    assert [q.value for q in session.jump("s2_age").questions if q.path == "s2_age"] == ["33"]
    session.discard()
    assert phone.drafts() == []
