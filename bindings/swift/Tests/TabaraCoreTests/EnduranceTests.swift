import Foundation
import TabaraCore
import TabaraFixtures
import Testing

/// Longer by name: `./x test --only swift-long`.
private let long = ProcessInfo.processInfo.environment["TABARA_LONG"] != nil

/// What many threads and many calls do to one object.
@Suite(.serialized)
struct EnduranceTests {
    private let folder = TemporaryFolder()
    private let secret = MemorySecret()

    private func enrolled() async throws -> FocalPoint {
        let phone = try FocalPoint.open(folder: folder.url.path, secret: secret)
        try phone.enrol(card: Deployment.shared.card(), pin: "482913")
        _ = try await phone.sync()
        return phone
    }

    @Test("8 threads use one phone at once, and nothing is lost")
    func threads() async throws {
        let phone = try await enrolled()
        let end = Date(timeIntervalSinceNow: long ? 30 : 2)
        let (calls, sealed, wrong) = (Counter(), Counter(), Counter())
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            do {
                let session = try phone.start(questionnaire: "returnee_screening", language: thread % 2 == 0 ? "en" : "fr")
                var age = thread
                while Date() < end {
                    age = (age + 1) % 90
                    _ = try session.jump(path: "s2_age")
                    let page = try session.answer(path: "s2_age", value: "\(age)")
                    // each thread finds its own answer, in its own interview
                    if page.questions.first(where: { $0.path == "s2_age" })?.value != "\(age)" { wrong.add() }
                    _ = try phone.waiting()
                    _ = try phone.drafts()
                    if age % 40 == 0 {
                        _ = try phone.interviewed(answers).finish(raise: nil)
                        sealed.add()
                    }
                    if thread == 0 { _ = try? phone.state() }
                    calls.add(5)
                }
                try session.discard()
            } catch {
                Issue.record(error)
            }
        }
        #expect(wrong.value == 0)
        #expect(try phone.waiting().records == UInt64(sealed.value) && phone.drafts() == [])
        _ = try await phone.sync()
        #expect(try phone.waiting().records == 0)
        print("8 threads: \(calls.value) calls, \(sealed.value) records")
    }

    @Test("the memory does not grow over 100,000 calls", .enabled(if: long))
    func memory() async throws {
        let phone = try await enrolled()
        let session = try phone.start(questionnaire: "returnee_screening", language: "en")
        _ = try session.jump(path: "s2_age")
        func calls(_ many: Int) throws {
            for call in 1...many / 4 {
                _ = try session.answer(path: "s2_age", value: "\(call % 90)")
                _ = try session.page()
                _ = try phone.waiting()
                _ = trouble { try phone.resume(draft: "not an id") }
            }
        }
        try calls(10_000)
        let before = residentKilobytes()
        try calls(100_000)
        let grown = residentKilobytes() - before
        print("memory over 100,000 calls: \(before) kB before, \(grown) kB more")
        #expect(grown < 2_000)
    }

    private func residentKilobytes() -> Int {
        let pages = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[1]
        return Int(pages ?? "0")! * 4
    }
}

private final class Counter: @unchecked Sendable {
    private let turn = NSLock()
    private var count = 0
    var value: Int { turn.withLock { count } }
    func add(_ more: Int = 1) { turn.withLock { count += more } }
}
