import Foundation
import TabaraCore
import TabaraFixtures
import Testing

@testable import TabaraModels

private let deployment = Deployment.shared

/// The app as a focal point uses it, on the real library and a real server: the stories of the Android sample.
@MainActor @Suite(.serialized)
struct JourneyTests {
    @Test("a day, from the card to the server and back", arguments: ["en", "fr"])
    func day(language: String) async throws {
        let hand = await Fingers(language: language)
        let (app, t) = (hand.app, hand.app.words)
        let enrol = try #require(hand.screen(EnrolModel.self))
        enrol.card = "TABARA1.nothing"
        await enrol.check()
        #expect(enrol.trouble == t(.card_unreadable))
        enrol.card = deployment.card()
        await enrol.check()
        #expect(try #require(enrol.facts).contains("Kayanza"))
        (enrol.pin, enrol.pinAgain) = ("482913", "482914")
        await enrol.enrol()
        #expect(enrol.trouble == t(.pin_differs))
        try await hand.enrol(deployment.card())

        var code = ""
        let screening = try await hand.counted {
            _ = try await hand.interview(answers)
            let result = try #require(hand.screen(ResultModel.self))
            #expect(result.outcome == (language == "fr" ? "Victime présumée" : "Presumed victim"))
            await hand.tap { await result.seal() }
            code = try #require(result.code)
            #expect(code.count == 11 && result.undo != nil)
            await hand.tap { await result.writtenDown() }
        }

        let home = try #require(hand.screen(HomeModel.self))
        #expect(home.recordsLabel == t(.records_waiting, 1))
        let sync = try await hand.counted {
            await hand.tap { await home.records() }
            let records = try #require(hand.screen(RecordsModel.self))
            #expect(records.waitingLabel == t(.waiting, 1))
            await hand.tap { await records.sync() }
        }
        let records = try #require(hand.screen(RecordsModel.self))
        #expect(records.syncSays == t(.sync_sent, 1) && records.waitingLabel == t(.nothing_waits))
        #expect(records.status(records.cases[0]) == t(.case_sent))
        print("\(language): a screening of \(answers.count) answers: \(screening.taps) taps (\(hand.pages) turn a page), \(screening.typed) texts; a sync: \(sync.taps) taps")

        // with her slip she takes it back
        await records.withdraw(code: "23456", secret: "")
        #expect(records.trouble == t(.withdraw_mistyped))
        await records.withdraw(code: code, secret: "")
        #expect(records.trouble == nil && records.said == t(.withdraw_waits))
        #expect(records.status(records.cases[0]) == t(.case_withdrawn) && app.sync.state != .idle)
    }

    @Test("a person is referred, the provider answers, and the focal point learns what became of it")
    func referral() async throws {
        let provider = try await Fingers.enrolled(card: deployment.providerCard("Clinic of Kayanza"))
        let hand = try await Fingers.enrolled()
        _ = try await hand.interview(answers.merging(["n_need": "sv_medical"]) { $1 })
        let result = try #require(hand.screen(ResultModel.self))
        await result.seal()

        let cost = try await hand.counted {
            await hand.tap { await result.refer() }
            let refer = try #require(hand.screen(ReferModel.self))
            await hand.tap { await refer.choose("sv_medical") }
            #expect(refer.organisation == "Clinic of Kayanza")
            await refer.refer()
            #expect(refer.trouble == hand.app.words(.refer_agreement_needed))
            hand.type { refer.name = "E." }
            await hand.tap { refer.agreed = true }
            await hand.tap { await refer.refer() }
            #expect(refer.done == hand.app.words(.refer_queued))
        }
        print("a referral: \(cost.taps) taps, \(cost.typed) text")
        await hand.app.go(.records)
        await hand.screen(RecordsModel.self)!.sync()

        let incoming = try #require(provider.screen(IncomingModel.self))
        await incoming.sync()
        await incoming.open(try #require(incoming.lines.first))
        #expect(incoming.opened?.share?.name == "E.")
        await incoming.answer(.accepted)
        await incoming.sync()

        await hand.screen(RecordsModel.self)!.sync()
        await hand.app.go(.referrals)
        let referrals = try #require(hand.screen(ReferralsModel.self))
        #expect(referrals.open.map { hand.app.words.status($0.referral.status) } == ["accepted"])
        // she no longer agrees
        await referrals.withdraw(referrals.open[0])
        #expect(referrals.open.isEmpty && referrals.trouble == nil)
    }

    @Test("where the provider has no device the app says to call, and keeps what was said")
    func telephone() async throws {
        let hand = try await Fingers.enrolled()
        _ = try await hand.interview(answers)
        let result = try #require(hand.screen(ResultModel.self))
        await result.seal()
        await result.refer()
        let refer = try #require(hand.screen(ReferModel.self))
        await refer.choose("sv_legal")
        #expect(refer.found.isEmpty)
        refer.organisation = "a lawyer without a device"
        refer.agreed = true
        await refer.refer()
        #expect(refer.done == hand.app.words(.refer_telephone))
        await hand.app.go(.referrals)
        let referrals = try #require(hand.screen(ReferralsModel.self))
        #expect(referrals.advice(referrals.open[0]) == hand.app.words(.refer_telephone))
        await referrals.told(referrals.open[0], "she may come on Monday")
        #expect(referrals.open[0].referral.steps.last?.note?.text == "she may come on Monday")
    }

    @Test("an answer that breaks a rule is flagged in the author's words and holds the page")
    func flagged() async throws {
        let hand = try await Fingers.enrolled()
        let model = try await hand.interview(upTo: "s2_age", [:])
        await model.answer("s2_age", "190")
        #expect(model.message(age(model)) == "An age in years, 0 to 110.")
        await model.next()
        #expect(model.page?.refused == true)
        await model.answer("s2_age", "many")
        #expect(model.message(age(model)) == hand.app.words(.answer_not_integer))
        await model.answer("s2_age", "19")
        #expect(model.message(age(model)) == nil)
        await model.next()
        #expect(model.page?.questions.contains { $0.path == "s2_age" } == false)
    }

    @Test("the language changes in the middle and the answers stay")
    func speaks() async throws {
        let hand = try await Fingers.enrolled()
        let model = try await hand.interview(upTo: "s2_age", [:])
        await model.answer("s2_age", "22")
        await model.speak("fr")
        #expect(model.words(.next) == "Suivant" && age(model).value == "22" && age(model).label.contains("Âge"))
    }

    @Test("after the end of the process the PIN leads back to the exact place")
    func killed() async throws {
        let hand = try await Fingers.enrolled()
        try await { await (try await hand.interview(upTo: "s2_age", [:])).answer("s2_age", "22") }()
        try await hand.restart()
        try await hand.unlock()
        #expect(age(try #require(hand.screen(InterviewModel.self))).value == "22")
    }

    @Test("stop leads to a screen that shows nothing, and can be taken back; without consent nothing is kept")
    func stopped() async throws {
        let hand = try await Fingers.enrolled()
        await (try await hand.interview(upTo: "s2_age", [:])).stop()
        await hand.screen(StoppedModel.self)!.goOn()
        let again = try #require(hand.screen(InterviewModel.self))
        #expect(again.page?.questions.contains { $0.path == "s2_age" } == true)
        await again.stop()
        await hand.screen(StoppedModel.self)!.finish()
        #expect(try #require(hand.screen(HomeModel.self)).drafts.isEmpty)
    }

    @Test("an interview stopped after consent is sealed, with the outcome hidden")
    func hushed() async throws {
        let hand = try await Fingers.enrolled()
        await (try await hand.interview(upTo: "j_left", answers)).stop()
        await hand.screen(StoppedModel.self)!.finish()
        let result = try #require(hand.screen(ResultModel.self))
        #expect(result.code != nil && result.outcome == nil && result.advice.isEmpty)
    }

    @Test("without agreement the result says so and the answers are erased")
    func noConsent() async throws {
        let hand = try await Fingers.enrolled()
        _ = try await hand.interview(["s3_c1": "no", "x_health": "yes"])
        let result = try #require(hand.screen(ResultModel.self))
        #expect(result.outcome == "Not screened (consent missing)" && result.urgent.contains("Needs a doctor now"))
        #expect(result.endLabel == hand.app.words(.erase))
        await result.seal()
        #expect(try #require(hand.screen(HomeModel.self)).recordsLabel == hand.app.words(.records))
    }

    @Test("a wrong PIN is told with the attempts left, and then with a wait")
    func wrongPin() async throws {
        let hand = try await Fingers.enrolled()
        await hand.app.lock()
        let unlock = try #require(hand.screen(UnlockModel.self))
        for left in [9, 8, 7] {
            try await hand.unlock("000000")
            #expect(try #require(unlock.trouble).hasPrefix("Wrong PIN. \(left) attempts left."))
        }
        #expect(try #require(unlock.trouble).hasSuffix("Wait 30 seconds."))
        try await hand.unlock()
        #expect(hand.screen(UnlockModel.self) === unlock, "it rests")
    }

    @Test("nobody touches the phone for two minutes and it locks; the way out locks at once and shows nothing")
    func locks() async throws {
        let hand = try await Fingers.enrolled()
        _ = try await hand.interview(upTo: "s2_age", [:])
        await hand.app.tick(now: Date(timeIntervalSinceNow: 60))
        #expect(hand.screen(InterviewModel.self) != nil)
        await hand.app.tick(now: Date(timeIntervalSinceNow: 121))
        try await hand.unlock()
        #expect(hand.screen(InterviewModel.self) != nil)
        await hand.app.quickExit()
        #expect(hand.app.screen.model == nil)
        await hand.app.go(.home)
        #expect(hand.screen(UnlockModel.self) != nil)
    }

    @Test("a key store that throws, and one that forgets, each have their words")
    func keyStore() async throws {
        let hand = try await Fingers.enrolled()
        await hand.app.lock()
        hand.secret.fail(SecretError.Unavailable)
        try await hand.unlock()
        let unlock = try #require(hand.screen(UnlockModel.self))
        #expect(unlock.trouble == hand.app.words(.trouble_key_store_unavailable) && !unlock.onlyNewCard)
        hand.secret.fail(nil)
        try await hand.unlock()
        #expect(hand.screen(HomeModel.self) != nil)

        hand.secret.lose()
        try await hand.restart()
        let lost = try #require(hand.screen(UnlockModel.self))
        #expect(lost.onlyNewCard && lost.trouble == hand.app.words(.trouble_key_store_lost))
        await lost.newCard()
        try await hand.enrol(deployment.card())
        #expect(hand.screen(HomeModel.self)?.questionnaires.count == 1)
    }

    @Test("without a network a sync says that nothing is lost, and a courier carries")
    func courier() async throws {
        let hand = try await Fingers.enrolled()
        _ = try await hand.interview(answers)
        await hand.screen(ResultModel.self)!.seal()
        await hand.app.go(.records)
        let records = try #require(hand.screen(RecordsModel.self))
        var bundle = Data()
        try await deployment.stopped { () async throws in
            await records.sync()
            #expect(records.syncSays == hand.app.words(.trouble_offline))
            bundle = try #require(await records.bundle())
            #expect(records.said == hand.app.words(.bundle_saved))
            #expect(await records.carry(bundle) == nil)
            #expect(records.trouble == hand.app.words(.trouble_offline))
        }
        let parcel = try #require(await records.carry(bundle))
        await records.take(parcel: bundle)
        #expect(try #require(records.trouble).contains(hand.app.words(.untrusted_parcel)))
        await records.take(parcel: parcel)
        #expect(records.said == hand.app.words(.sync_sent, 1) && records.waitingLabel == hand.app.words(.nothing_waits))
    }

    @Test("a sync is ended by the same button, at once, while the server says nothing")
    func cancel() async throws {
        let hand = try await Fingers.enrolled()
        await hand.app.go(.records)
        let records = try #require(hand.screen(RecordsModel.self))
        try await deployment.frozen { () async throws in
            let running = Task { await records.sync() }
            try await Task.sleep(nanoseconds: 200_000_000)
            #expect(records.syncLabel == hand.app.words(.cancel_sync))
            await records.sync()
            await running.value
        }
        #expect(records.syncLabel == hand.app.words(.send_now) && records.syncSays == nil)
    }

    @Test("every word is there in both languages")
    func words() {
        for language in Words.languages {
            let missing = Word.allCases.filter { TabaraModels.words[language]![$0] == nil }
            let counts = Plural.allCases.filter { plurals[language]![$0] == nil }
            #expect(missing.isEmpty && counts.isEmpty, "\(language)")
            #expect(services[language]!.count == services["en"]!.count)
        }
    }

    private func age(_ model: InterviewModel) -> Question { model.page!.questions.first { $0.path == "s2_age" }! }
}
