"""One screening from a phone to the server and what can go wrong on the way, as an app written in Python would do it."""

import asyncio

import pytest
import tabara

PIN = "482913"
# What a young woman tells who was sent to the Gulf: enough for a presumed victim. All else is left unanswered.
ANSWERS = {
    "s1_path": "full",
    "s2_age": "22",
    "s2_age_unsure": "no",
    **{f"s3_c{n}": "yes" for n in range(1, 8)},
    "s3_stats": "yes",
    "s3_keep": "yes",
    "p_already": "no",
    "p_sex": "f",
    "j_left": "yes",
    "j_where": "SA",
    "j_arranged": "agency",
    "j_start": "2025-03-01",
    "q_job": "yes",
    "q_pay": "yes",
    "q_debt_go": "yes",
    "q_what": "ex_domestic",
    "q_hours": "yes",
    "q_paid": "yes",
    "q_move": "yes",
    "q_docs": "yes",
    "q_beaten": "yes",
    "x_health": "yes",
    "c_name": "Espérance",
}


def enrolled(phone, deployment):
    phone.enrol(deployment.card(), PIN)
    asyncio.run(phone.sync(None))
    return phone


def interviewed(phone, answers, language="en"):
    """Page by page to the end, as a person would."""
    session = phone.start("returnee_screening", language)
    page = session.page()
    while True:
        for question in page.questions:
            if question.path in answers:
                page = session.answer(question.path, answers[question.path])
        if page.last:
            return session
        page = session.next()
        assert not page.refused, [q.message for q in page.questions]


def test_a_screening_reaches_the_server_and_only_the_case_worker_reads_it(phone, deployment):
    phone = enrolled(phone, deployment)
    session = interviewed(phone, ANSWERS)
    assert session.missing() == []
    result = session.screening_result()
    assert (result.outcome.code, result.outcome.label) == ("presumed", "Presumed victim")
    assert [word.code for word in result.urgent] == ["U_medical"]
    assert result.advice[0].code == "urgent"
    finished = session.finish(None)
    assert len(finished.code) == len(finished.undo) == 10
    assert phone.waiting().records == 1
    [case] = phone.cases(0)
    assert (case.summary.code, case.summary.outcome, case.status.is_waiting()) == (finished.code, "presumed", True)

    report = asyncio.run(phone.sync(None))

    assert (report.accepted, report.refused, phone.waiting().records) == (1, 0, 0)
    assert report.standing == phone.waiting().standing == tabara.Standing.TRUSTED
    assert phone.cases(0)[0].status.is_kept()
    [arrived] = [r for r in deployment.records() if r["record"]["code"] == finished.code]
    assert arrived["record"]["facts"]["outcome"] == "presumed"
    assert arrived["record"]["facts"]["screen_commune"] == "BI-CO-04-02"
    assert "Espérance" not in str(arrived["record"])
    assert arrived["answers"]["c_name"] == "Espérance"


def test_the_answers_are_gone_from_the_phone_once_sealed(phone, deployment):
    session = interviewed(enrolled(phone, deployment), ANSWERS)
    session.finish(None)
    with pytest.raises(tabara.TabaraError.NotFound):
        session.page()
    assert phone.drafts() == []


def test_without_consent_nothing_is_recorded(phone, deployment):
    session = interviewed(enrolled(phone, deployment), {"s3_c1": "no", "x_health": "yes"})
    result = session.screening_result()
    assert not result.recordable
    assert [word.code for word in result.urgent] == ["U_medical"]
    with pytest.raises(tabara.TabaraError.NoConsent):
        session.finish(None)
    assert (phone.waiting().records, phone.drafts()) == (0, [])


def test_a_person_who_is_not_to_be_counted_leaves_no_fact(phone, deployment):
    session = interviewed(enrolled(phone, deployment), {**ANSWERS, "s3_stats": "no"})
    code = session.finish(None).code
    asyncio.run(phone.sync(None))
    [arrived] = [r for r in deployment.records() if r["record"]["code"] == code]
    assert arrived["record"].get("facts", {}) == {}
    assert arrived["answers"]["c_name"] == "Espérance"


def test_a_person_takes_back_what_she_told(phone, deployment):
    finished = interviewed(enrolled(phone, deployment), ANSWERS).finish(None)
    asyncio.run(phone.sync(None))
    phone.withdraw(finished.record)
    [case] = phone.cases_of(finished.code)
    assert case.summary.withdrawn
    assert asyncio.run(phone.sync(None)).accepted == 1
    [gone] = [r for r in deployment.records() if r["record"]["record"] == finished.record]
    assert gone["answers"] is None


def test_with_her_slip_she_takes_it_back_on_another_phone(phone, secret, deployment, tmp_path_factory):
    phone = enrolled(phone, deployment)
    finished = interviewed(phone, ANSWERS).finish(None)
    share = tabara.Share(agreement=tabara.Agreement.INDIVIDUAL, name="Espérance")
    doctor = tabara.NewReferral(service="sv_medical", urgency="h3", to="a clinic without a device", share=share)
    referral = phone.refer(finished.record, doctor)
    assert referral.status == tabara.Status.READY and phone.open_referrals()[0].call_now
    said = tabara.ReferralNote(text="she may come on Monday", by_telephone=True)
    noted = phone.note_referral(finished.record, referral.referral, tabara.Status.SENT, said)
    assert (noted.status, noted.steps[-1].note) == (tabara.Status.SENT, said)
    with pytest.raises(tabara.TabaraError.Answer):
        phone.note_referral(finished.record, referral.referral, tabara.Status.READY, None)
    asyncio.run(phone.sync(None))
    other = enrolled(tabara.FocalPoint.open(str(tmp_path_factory.mktemp("other")), type(secret)()), deployment)
    with pytest.raises(tabara.TabaraError.NotFound):
        other.withdraw_slip(finished.code[:9], finished.undo)
    other.withdraw_slip(finished.code.lower(), finished.undo)
    assert asyncio.run(other.sync(None)).accepted == 1
    [gone] = [r for r in deployment.records() if r["record"]["record"] == finished.record]
    assert gone["answers"] is None
    asyncio.run(phone.sync(None))
    assert phone.cases_of(finished.code)[0].status.is_withdrawn()


def test_a_stopped_interview_is_kept_as_far_as_it_went(phone, deployment):
    phone = enrolled(phone, deployment)
    session = phone.start("returnee_screening", "fr")
    page = session.page()
    while "j_left" not in (paths := [q.path for q in page.questions]):
        for path in paths:
            if path in ANSWERS:
                session.answer(path, ANSWERS[path])
        page = session.next()
    session.stop()
    assert session.finish(None).result.outcome.code == "inconclusive"


def test_an_outcome_is_raised_with_a_reason_of_the_questionnaire(phone, deployment):
    calm = {key: value for key, value in ANSWERS.items() if not key.startswith(("j_", "q_"))}
    session = interviewed(enrolled(phone, deployment), {**calm, "j_left": "no", "j_moved": "no", "j_work": "no"})
    result = session.screening_result()
    assert result.outcome.code == "no_indication"
    assert "seen_injuries" in [reason.code for reason in result.raise_reasons]
    assert session.finish("seen_injuries").result.outcome.code == "presumed"


def test_an_app_killed_in_the_middle_goes_on_at_the_exact_place(tmp_path, secret, deployment):
    phone = enrolled(tabara.FocalPoint.open(str(tmp_path), secret), deployment)
    session = phone.start("returnee_screening", "en")
    page = session.page()
    while "s2_age" not in [q.path for q in page.questions]:
        page = session.next()
    session.answer("s2_age", "22")
    page = session.set_language("fr")
    draft = session.draft()
    del session, phone

    again = tabara.FocalPoint.open(str(tmp_path), secret)
    assert again.state().is_locked()
    with pytest.raises(tabara.TabaraError.Locked):
        again.resume(draft)
    again.unlock(PIN)
    session = again.resume(again.drafts()[0].draft)

    assert session.page().path == page.path
    assert session.page().language == "Français (fr)"
    assert {q.path: q.value for q in session.page().questions}["s2_age"] == "22"


def test_a_locked_phone_shows_nothing_and_still_sends(phone, deployment):
    session = interviewed(enrolled(phone, deployment), ANSWERS)
    session.finish(None)
    other = phone.start("returnee_screening", "en")
    phone.lock()
    for locked in (other.page, phone.drafts, lambda: phone.cases(0)):
        with pytest.raises(tabara.TabaraError.Locked):
            locked()
    assert asyncio.run(phone.sync(None)).accepted == 1
    phone.unlock(PIN)
    assert other.page().first


def test_wrong_pins_are_counted_and_slowed_down(phone, deployment):
    phone.enrol(deployment.card(), PIN)
    phone.lock()
    with pytest.raises(tabara.TabaraError.WrongPin) as wrong:
        phone.unlock("000000")
    assert wrong.value.attempts_left == 9
    for _ in range(2):
        with pytest.raises(tabara.TabaraError.WrongPin) as wrong:
            phone.unlock("000000")
    assert wrong.value.retry_after.total_seconds() > 0
    with pytest.raises(tabara.TabaraError.TooSoon):
        phone.unlock(PIN)


def test_a_key_store_that_fails_costs_no_attempt(phone, secret, deployment):
    phone.enrol(deployment.card(), PIN)
    phone.lock()
    secret.fails = tabara.SecretError.Unavailable()
    with pytest.raises(tabara.TabaraError.KeyStoreUnavailable):
        phone.unlock(PIN)
    secret.fails = ValueError("a fault of the app that names Espérance")
    with pytest.raises(tabara.TabaraError.Internal) as seen:
        phone.unlock(PIN)
    assert seen.value.reason.is_secret_exception()
    assert "Espérance" not in str(seen.value)
    secret.fails = None
    secret.length = 1
    with pytest.raises(tabara.TabaraError.Internal) as seen:
        phone.unlock(PIN)
    assert seen.value.reason == tabara.InternalReason.SECRET_LENGTH(bytes=1)
    secret.length = 32
    assert phone.state().attempts_left == 10
    phone.unlock(PIN)


def test_a_key_store_that_was_reset_is_told_and_a_new_card_is_the_way_on(tmp_path, phone, secret, deployment):
    interviewed(enrolled(phone, deployment), ANSWERS).finish(None)
    phone.lock()
    secret.keys = {purpose: key for purpose, key in secret.keys.items() if not purpose.endswith(".vault.1")}
    with pytest.raises(tabara.TabaraError.KeyStoreLost):
        phone.unlock(PIN)
    phone.enrol(deployment.card(), "719350")
    assert phone.state().is_unlocked()
    assert asyncio.run(phone.sync(None)).accepted == 1


def test_a_bad_card_is_refused_by_name(phone, deployment):
    text = deployment.card()
    assert tabara.read_card(text).commune == "Kayanza"
    # letters that were typed wrongly do not fit the signature
    for card, reason in (("TABARA1.not-a-card", tabara.CardReason.UNREADABLE), (text[:-4] + "AAAA", tabara.CardReason.NOT_GENUINE)):
        for use in (tabara.read_card, lambda card: phone.enrol(card, PIN)):
            with pytest.raises(tabara.TabaraError.Card) as refused:
                use(card)
            assert refused.value.reason == reason
    assert phone.state().is_not_enrolled()


def test_a_card_is_not_taken_while_the_vault_is_open(phone, deployment):
    enrolled(phone, deployment)
    with pytest.raises(tabara.TabaraError.AlreadyEnrolled):
        phone.enrol(deployment.card(), PIN)
    assert phone.state().is_unlocked()


def test_a_destroyed_vault_says_who_destroyed_it(tmp_path, phone, secret, deployment):
    enrolled(phone, deployment).wipe()
    with pytest.raises(tabara.TabaraError.VaultDestroyed) as gone:
        phone.unlock(PIN)
    assert gone.value.reason == tabara.DestructionReason.PANIC_WIPE
    assert phone.state().reason == tabara.DestructionReason.PANIC_WIPE


def test_a_folder_has_one_object_at_a_time_and_one_that_is_gone_leaves_no_open_session(tmp_path, secret, deployment):
    phone = enrolled(tabara.FocalPoint.open(str(tmp_path), secret), deployment)
    session = phone.start("returnee_screening", "en")
    with pytest.raises(tabara.TabaraError.InUse):
        tabara.FocalPoint.open(str(tmp_path), secret)
    del phone
    with pytest.raises(tabara.TabaraError.Locked):
        session.answer("s2_age", "22")
    assert tabara.FocalPoint.open(str(tmp_path), secret).state().is_locked()


def test_two_people_on_one_phone_never_touch_each_others_secrets(tmp_path, secret, deployment):
    anna, beate = (enrolled(tabara.FocalPoint.open(str(tmp_path / name), secret), deployment) for name in ("a", "b"))
    anna.wipe()
    beate.lock()
    beate.unlock(PIN)
    assert beate.state().is_unlocked()


def test_a_wiped_key_store_is_a_state_and_a_new_card_leads_out(tmp_path, secret, deployment):
    phone = enrolled(tabara.FocalPoint.open(str(tmp_path), secret), deployment)
    interviewed(phone, ANSWERS).finish(None)
    del phone
    secret.keys.clear()
    phone = tabara.FocalPoint.open(str(tmp_path), secret)
    assert phone.state().is_key_store_lost()
    with pytest.raises(tabara.TabaraError.KeyStoreLost):
        phone.unlock(PIN)
    enrolled(phone, deployment)
    assert phone.state().is_unlocked() and phone.notices() == []
    assert [path.name.endswith("mailbox.db") for path in tmp_path.glob("aside-*-mailbox.db")] == [True]


@pytest.mark.parametrize("path, reason", [("", "EMPTY"), ("with\0nul", "INVALID"), (__file__, "NOT_A_FOLDER")])
def test_a_path_that_is_no_folder_is_refused_by_name(path, reason, secret):
    with pytest.raises(tabara.TabaraError.Folder) as refused:
        tabara.FocalPoint.open(path, secret)
    assert refused.value.reason == tabara.FolderReason[reason]


def test_a_text_that_is_no_id_is_an_error_and_no_panic(phone, deployment):
    enrolled(phone, deployment)
    for call in (phone.resume, phone.withdraw, phone.slip):
        with pytest.raises(tabara.TabaraError.NotFound) as refused:
            call("not an id")
        assert refused.value.what == tabara.NotFoundItem.ID


def test_a_language_that_the_form_does_not_have_is_refused_and_the_old_one_stays(phone, deployment):
    session = enrolled(phone, deployment).start("returnee_screening", "fr")
    with pytest.raises(tabara.TabaraError.NotFound) as refused:
        session.set_language("xx")
    assert refused.value.what == tabara.NotFoundItem.LANGUAGE
    assert session.page().language == "Français (fr)"


def test_without_a_network_a_courier_carries_the_records_and_brings_their_receipts(phone, secret, deployment, tmp_path_factory):
    interviewed(enrolled(phone, deployment), ANSWERS).finish(None)
    phone.lock()
    bundle = phone.bundle()
    carrier = tabara.FocalPoint.open(str(tmp_path_factory.mktemp("carrier")), type(secret)())
    carrier.enrol(deployment.card(), PIN)

    parcel = asyncio.run(carrier.carry(bundle))

    assert phone.waiting().records == 1
    with pytest.raises(tabara.TabaraError.Untrusted) as refused:
        phone.take_parcel(bundle)
    assert refused.value.reason == tabara.UntrustedReason.PARCEL
    assert phone.take_parcel(parcel).accepted == 1
    assert (phone.waiting().records, phone.bundle()) == (0, None)


def test_a_damaged_mailbox_is_a_state_and_a_new_card_keeps_the_files(tmp_path, secret, deployment):
    enrolled(tabara.FocalPoint.open(str(tmp_path), secret), deployment)
    (tmp_path / "mailbox.db").write_bytes(bytes(4096))
    phone = tabara.FocalPoint.open(str(tmp_path), secret)
    assert phone.state().file == tabara.PhoneFile.MAILBOX
    enrolled(phone, deployment)
    assert [path.name.endswith("mailbox.db") for path in tmp_path.glob("aside-*-mailbox.db")] == [True]


def test_what_a_watcher_throws_does_not_end_a_sync(phone, deployment, capfd):
    interviewed(enrolled(phone, deployment), ANSWERS).finish(None)

    class Broken(tabara.SyncProgress):
        def at(self, step):
            raise ValueError("Espérance")

    assert asyncio.run(phone.sync(Broken())).accepted == 1
    assert "Espérance" not in "".join(capfd.readouterr())


def test_objects_can_be_looked_at(phone, deployment):
    page = enrolled(phone, deployment).start("returnee_screening", "en").page()
    assert "path=" in repr(page.questions) and "done=0" in repr(page.progress)


def test_without_a_network_everything_waits(phone, deployment):
    interviewed(enrolled(phone, deployment), ANSWERS).finish(None)
    deployment.say("stop")
    try:
        with pytest.raises(tabara.TabaraError.Offline) as offline:
            asyncio.run(phone.sync(None))
        assert offline.value.reason == tabara.OfflineReason.NO_NETWORK
        assert phone.waiting().records == 1
    finally:
        deployment.say("start")
    steps = []

    class Watch(tabara.SyncProgress):
        def at(self, step):
            steps.append(step)

    assert asyncio.run(phone.sync(Watch())).accepted == 1
    assert steps[0].is_contacting()


def test_an_answer_that_does_not_fit_stays_out_and_one_that_breaks_a_rule_is_flagged(phone, deployment):
    session = enrolled(phone, deployment).start("returnee_screening", "en")
    page = session.jump("s2_age")
    with pytest.raises(tabara.TabaraError.Answer):
        session.answer("s2_age", "many")
    page = session.answer("s2_age", "190")
    assert page.questions[0].message.text == "An age in years, 0 to 110."
    assert session.next().refused
    assert not session.answer("s2_age", "19").questions[0].message
