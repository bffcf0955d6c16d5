import Foundation
import TabaraCore

#if canImport(Glibc)
import Glibc
#endif

/// Words for the program `deployment` (tests/stories/src/bin): the real server, with a catalog and the questionnaire.
public final class Deployment: @unchecked Sendable {
    /// One server for all tests of a process; it ends with its input.
    public static let shared = Deployment()

    private let turn = NSLock()
    private let program = Process()
    private let words: FileHandle
    private let answers: UnsafeMutablePointer<FILE>

    private init() {
        let (input, output) = (Pipe(), Pipe())
        guard let path = ProcessInfo.processInfo.environment["TABARA_DEPLOYMENT"] else { fatalError("TABARA_DEPLOYMENT names no program") }
        program.executableURL = URL(fileURLWithPath: path)
        program.standardInput = input
        program.standardOutput = output
        do { try program.run() } catch { fatalError("\(path): \(error)") }
        words = input.fileHandleForWriting
        answers = fdopen(dup(output.fileHandleForReading.fileDescriptor), "r")!
        _ = answer()
    }

    /// A new card.
    public func card(_ commune: String = "BI-CO-04-02") -> String { say("card \(commune)")["card"] as! String }

    /// A card for a device of a provider, who gives medical care in Kayanza.
    public func providerCard(_ organisation: String) -> String { say("provider \(organisation)")["card"] as! String }

    /// The network goes while the work runs, and comes back at the same address.
    public func stopped(isolation: isolated (any Actor)? = #isolation, _ work: () async throws -> Void) async throws {
        _ = say("stop")
        defer { _ = say("start") }
        try await work()
    }

    /// While the work runs, the server takes connections and says nothing.
    public func frozen(isolation: isolated (any Actor)? = #isolation, _ work: () async throws -> Void) async throws {
        kill(program.processIdentifier, SIGSTOP)
        defer { kill(program.processIdentifier, SIGCONT) }
        try await work()
    }

    /// The log as JSON, each case opened by the case worker.
    public func records() -> String {
        String(decoding: try! JSONSerialization.data(withJSONObject: say("records")), as: UTF8.self)
    }

    private func say(_ word: String) -> [String: Any] {
        turn.withLock {
            words.write(Data("\(word)\n".utf8))
            return answer()
        }
    }

    private func answer() -> [String: Any] {
        var (line, size): (UnsafeMutablePointer<CChar>?, Int) = (nil, 0)
        defer { free(line) }
        guard getline(&line, &size, answers) > 0 else { fatalError("the deployment has ended") }
        return try! JSONSerialization.jsonObject(with: Data(String(cString: line!).utf8)) as! [String: Any]
    }
}

/// A folder that is gone with this object.
public final class TemporaryFolder: Sendable {
    public let url: URL

    public init() {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("tabara-\(UUID())")
        try! FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}

/// A double for the phone's key store: a key in memory for each purpose, mixed with the input. It is no cryptography.
public final class MemorySecret: DeviceSecret, @unchecked Sendable {
    private let turn = NSLock()
    private var keys: [String: UInt64] = [:]
    private var failure: (any Error)?
    private var length = 32

    public init() {}

    /// What every call answers from now on; none ends it.
    public func fail(_ with: (any Error)?) { turn.withLock { failure = with } }

    /// Every call answers so many bytes.
    public func answer(bytes: Int) { turn.withLock { length = bytes } }

    /// Forgets every key: a reset of the phone's lock.
    public func lose() { turn.withLock { keys = [:] } }

    public func derive(purpose: String, input: Data) throws -> Data {
        try turn.withLock {
            if let failure { throw failure }
            let key = keys[purpose] ?? UInt64.random(in: .min ... .max)
            keys[purpose] = key
            var state = input.reduce(key ^ 0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            return Data((0..<length).map { _ in
                state = (state ^ (state >> 29)) &* 0xbf58_476d_1ce4_e5b9 &+ key
                return UInt8(truncatingIfNeeded: state >> 32)
            })
        }
    }

    public func forget(purpose: String) throws {
        turn.withLock { _ = keys.removeValue(forKey: purpose) }
    }
}

/// What a young woman tells who was sent to the Gulf: enough for a presumed victim. All else is left unanswered.
public let answers: [String: String] = [
    "s1_path": "full", "s2_age": "22", "s2_age_unsure": "no",
    "s3_c1": "yes", "s3_c2": "yes", "s3_c3": "yes", "s3_c4": "yes", "s3_c5": "yes", "s3_c6": "yes", "s3_c7": "yes",
    "s3_stats": "yes", "s3_keep": "yes", "p_already": "no", "p_sex": "f",
    "j_left": "yes", "j_where": "SA", "j_arranged": "agency", "j_start": "2025-03-01",
    "q_job": "yes", "q_pay": "yes", "q_debt_go": "yes", "q_what": "ex_domestic", "q_hours": "yes", "q_paid": "yes",
    "q_move": "yes", "q_docs": "yes", "q_beaten": "yes", "x_health": "yes", "c_name": "Espérance",
]
