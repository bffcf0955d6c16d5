import Foundation
import TabaraCore
import TabaraFixtures
import Testing

private let pin = "482913"
private let deployment = Deployment.shared

/// A phone of its own for each story.
private final class Phone {
    let folder = TemporaryFolder()
    let secret = MemorySecret()

    func open() throws -> FocalPoint { try FocalPoint.open(folder: folder.url.path, secret: secret) }

    func enrolled() async throws -> FocalPoint {
        let phone = try open()
        try phone.enrol(card: deployment.card(), pin: pin)
        _ = try await phone.sync()
        return phone
    }
}

/// One screening from a phone to the server, and what can go wrong on the way. One after the other: some take the server down.
@Suite(.serialized)
struct JourneyTests {
    private let mine = Phone()

    @Test("a screening reaches the server, step by step, and only the case worker reads it")
    func arrives() async throws {
        let phone = try await mine.enrolled()
        let session = try phone.interviewed(answers, language: "fr")
        #expect(try session.screeningResult().outcome.label == "Victime présumée")
        let finished = try session.finish(raise: nil)
        #expect(try phone.waiting().records == 1)
        #expect(try phone.cases(page: 0)[0].status == .waiting)

        var (steps, report) = ([Step](), SyncReport?.none)
        for try await event in phone.syncEvents() {
            switch event {
            case .at(let step): steps.append(step)
            case .done(let done): report = done
            }
        }

        #expect(report?.accepted == 1 && report?.refused == 0 && report?.standing == .trusted)
        #expect(steps.first == .contacting && steps.contains(.sending(done: 1, of: 1)))
        #expect(try phone.cases(page: 0)[0].status == .kept)
        let arrived = deployment.records()
        #expect(try arrived.contains("\"\(#require(finished.code))\"") && arrived.contains("Espérance"))

        // with her slip she takes it back
        #expect(trouble { try phone.withdrawSlip(code: "23456", secret: nil) } == .NotFound(what: .code))
        try phone.withdrawSlip(code: finished.code!.lowercased(), secret: finished.undo)
        #expect(try phone.cases(page: 0)[0].summary.withdrawn)
        #expect(try await phone.sync().accepted == 1)
    }

    @Test("the example of the README brings a record to the server")
    func example() async throws {
        let finished = try await screening(folder: mine.folder.url.path, secret: mine.secret, card: deployment.card(), pin: pin)
        #expect(deployment.records().contains("\"\(finished.code!)\""))
    }

    @Test("an app killed in the middle goes on at the exact place")
    func killed() async throws {
        try await {
            let phone = try await mine.enrolled()
            let session = try phone.start(questionnaire: "returnee_screening", language: "en")
            _ = try session.jump(path: "s2_age")
            _ = try session.answer(path: "s2_age", value: "22")
            _ = try session.setLanguage(language: "fr")
        }()
        let again = try mine.open()
        #expect(try again.state() == .locked(attemptsLeft: 10, retryAfter: 0))
        try again.unlock(pin: pin)
        let page = try again.resume(draft: again.drafts()[0].draft).page()
        #expect(page.language == "Français (fr)" && page.questions.first { $0.path == "s2_age" }?.value == "22")
    }

    @Test("a locked phone shows nothing and still sends")
    func locked() async throws {
        let phone = try await mine.enrolled()
        _ = try phone.interviewed(answers).finish(raise: nil)
        let other = try phone.start(questionnaire: "returnee_screening", language: "en")
        phone.lock()
        #expect(trouble { try other.page() } == .Locked)
        #expect(trouble { try phone.cases(page: 0) } == .Locked)
        #expect(try await phone.sync().accepted == 1)
        try phone.unlock(pin: pin)
        #expect(try other.page().first)
    }

    @Test("without consent nothing is recorded")
    func noConsent() async throws {
        let phone = try await mine.enrolled()
        let session = try phone.interviewed(["s3_c1": "no"])
        #expect(trouble { try session.finish(raise: nil) } == .NoConsent)
        #expect(try phone.waiting().records == 0)
    }

    @Test("wrong PINs are counted and slowed down")
    func wrongPin() throws {
        let phone = try mine.open()
        try phone.enrol(card: deployment.card(), pin: pin)
        phone.lock()
        #expect(trouble { try phone.unlock(pin: "000000") } == .WrongPin(attemptsLeft: 9, retryAfter: 0))
        for _ in 1...2 { #expect(trouble { try phone.unlock(pin: "000000") } != nil) }
        guard case .TooSoon(let rest) = trouble({ try phone.unlock(pin: pin) }) else { Issue.record("taken"); return }
        #expect(rest > 25 && rest <= 30)
    }

    @Test("a key store that throws costs no attempt, and what it says stays with the app")
    func keyStoreThrows() throws {
        struct Fault: Error { let words = "a fault that names Espérance" }
        let phone = try mine.open()
        try phone.enrol(card: deployment.card(), pin: pin)
        phone.lock()
        mine.secret.fail(SecretError.Unavailable)
        #expect(trouble { try phone.unlock(pin: pin) } == .KeyStoreUnavailable)
        mine.secret.fail(Fault())
        #expect(trouble { try phone.unlock(pin: pin) } == .Internal(reason: .secretException))
        mine.secret.fail(nil)
        mine.secret.answer(bytes: 1)
        #expect(trouble { try phone.unlock(pin: pin) } == .Internal(reason: .secretLength(bytes: 1)))
        mine.secret.answer(bytes: 32)
        #expect(try phone.state() == .locked(attemptsLeft: 10, retryAfter: 0))
        try phone.unlock(pin: pin)
    }

    @Test("a key store that forgets is a state, and a new card leads out of it")
    func keyStoreForgets() async throws {
        try await { _ = try await mine.enrolled() }()
        mine.secret.lose()
        let phone = try mine.open()
        #expect(try phone.state() == .keyStoreLost)
        try phone.enrol(card: deployment.card(), pin: pin)
        #expect(try phone.state() == .unlocked && phone.notices() == [])
    }

    @Test("with the server down everything waits, and the reason is told")
    func serverDown() async throws {
        let phone = try await mine.enrolled()
        _ = try phone.interviewed(answers).finish(raise: nil)
        try await deployment.stopped { () async throws in
            #expect(await trouble { try await phone.sync() } == .Offline(reason: .noNetwork))
            #expect(try phone.waiting().records == 1)
        }
        #expect(try await phone.sync().accepted == 1)
    }

    @Test("without a network a courier carries the records and brings their receipts")
    func courier() async throws {
        let (phone, other) = (try await mine.enrolled(), Phone())
        let carrier = try await other.enrolled()
        _ = try phone.interviewed(answers).finish(raise: nil)
        phone.lock()
        let bundle = try #require(try phone.bundle())
        let parcel = try await carrier.carry(bundle: bundle)
        #expect(try phone.waiting().records == 1)
        #expect(trouble { try phone.takeParcel(parcel: bundle) } == .Untrusted(reason: .parcel))
        #expect(try phone.takeParcel(parcel: parcel).accepted == 1)
        #expect(try phone.waiting().records == 0 && phone.bundle() == nil)
    }

    @Test("a damaged mailbox is a state, and a new card keeps the files")
    func damaged() async throws {
        try await { _ = try await mine.enrolled() }()
        try Data(count: 4096).write(to: mine.folder.url.appendingPathComponent("mailbox.db"))
        let phone = try mine.open()
        #expect(try phone.state() == .damaged(file: .mailbox))
        try phone.enrol(card: deployment.card(), pin: pin)
        let files = try FileManager.default.contentsOfDirectory(atPath: mine.folder.url.path)
        #expect(files.contains { $0.hasPrefix("aside-") && $0.hasSuffix("mailbox.db") })
    }

    @Test("a folder has one object at a time, and one that is gone leaves no open session")
    func oneObject() async throws {
        var phone: FocalPoint? = try await mine.enrolled()
        let session = try phone!.start(questionnaire: "returnee_screening", language: "en")
        #expect(trouble { try mine.open() } == .InUse)
        phone = nil
        #expect(trouble { try session.answer(path: "s2_age", value: "22") } == .Locked)
        #expect(try mine.open().state() == .locked(attemptsLeft: 10, retryAfter: 0))
    }

    @Test("a text that is no id, no card and no language is an error by name")
    func noId() async throws {
        let phone = try await mine.enrolled()
        #expect(trouble { try phone.resume(draft: "not an id") } == .NotFound(what: .id))
        #expect(trouble { try readCard(text: "TABARA1.not-a-card") } == .Card(reason: .unreadable))
        #expect(trouble { try phone.start(questionnaire: "returnee_screening", language: "xx") } == .NotFound(what: .language))
        #expect(try readCard(text: deployment.card()).commune == "Kayanza")
    }

    @Test("a sync that is cancelled in the middle ends at once, in the core too, and the next one goes on")
    func cancelled() async throws {
        var phone: FocalPoint? = try await mine.enrolled()
        for _ in 1...3 { _ = try phone!.interviewed(answers).finish(raise: nil) }
        try await deployment.frozen { () async throws in
            let begun = Date()
            let waiting = Task { [phone] in try await phone!.sync() }
            try await Task.sleep(nanoseconds: 300_000_000)
            waiting.cancel()
            #expect(try await waiting.value.cancelled)

            // a loop that is left
            for try await event in phone!.syncEvents() { if case .at(.contacting) = event { break } }
            #expect(Date().timeIntervalSince(begun) < 5)
        }
        // no sync holds the folder any more, although the server never answered
        phone = nil
        try await Task.sleep(nanoseconds: 200_000_000)
        let again = try mine.open()
        #expect(try again.waiting().records == 3)
        #expect(try await again.sync().accepted == 3)
    }

    @Test("a sync that is cancelled before it begins does nothing")
    func cancelledBefore() async throws {
        let phone = try await mine.enrolled()
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await phone.sync()
        }
        task.cancel()
        #expect(try await task.value.cancelled)
    }
}
