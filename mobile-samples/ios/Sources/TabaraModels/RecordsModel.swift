import Foundation
import Observation
import TabaraCore

/// A sync, which goes on while screens change and while the phone is locked.
@MainActor @Observable
public final class SyncModel {
    public enum State: Equatable {
        case idle, running(Step), done(SyncReport), failed(TabaraError)
    }
    public private(set) var state = State.idle
    private let core: Core
    private var task: Task<Void, Never>?

    init(core: Core) { self.core = core }

    public func start() {
        if case .running = state { return }
        state = .running(.contacting)
        task = Task {
            do {
                let phone = try await core.call { $0 }
                for try await event in phone.syncEvents() {
                    switch event {
                    case .at(let step): state = .running(step)
                    case .done(let report): state = .done(report)
                    }
                }
                if case .running = state { state = .idle }  // cancelled
            } catch let why as TabaraError {
                state = .failed(why)
            } catch {
                state = .idle
            }
        }
    }

    /// Ends it; what was sent stays sent, and the next one goes on from there.
    public func cancel() { task?.cancel() }

    /// Until it has ended.
    public func finished() async { await task?.value }

    /// What a sync said that is over is no news any more.
    func forget() { if case .running = state {} else { state = .idle } }
}

/// What waits, what arrived, the sync, the courier, and a person who takes her words back.
@Observable
public final class RecordsModel: ScreenModel {
    public private(set) var waiting: Waiting?
    public private(set) var cases: [CaseCard] = []
    /// There are older cases.
    public private(set) var more = false
    /// What a parcel or a slip did.
    public private(set) var said: String?
    private var pages: UInt32 = 1

    override func load() async {
        app.sync.forget()
        await list()
    }

    private func list() async {
        await act {
            let pages = pages
            let (waiting, cases) = try await core.call { phone in
                (try phone.waiting(), try (0..<pages).map { try phone.cases(page: $0) })
            }
            (self.waiting, self.cases) = (waiting, cases.flatMap { $0 })
            more = cases.last?.count == 50
        }
    }

    public func showMore() async {
        pages += 1
        await list()
    }

    public var waitingLabel: String {
        let count = Int(waiting?.records ?? 0)
        return count == 0 ? words(.nothing_waits) : words(.waiting, count)
    }

    public var lastSync: String {
        waiting?.lastSync.map { words(.last_sync, words.moment($0)) } ?? words(.never_synced)
    }

    /// What she should know of her records and the server, for as long as it is so.
    public var lasting: [String] {
        guard let waiting else { return [] }
        var lines = waiting.leaseOver ? [words(.lease_over)] : []
        if waiting.lost > 0 { lines.append(words(.lasting_lost, Int(waiting.lost))) }
        if waiting.forAnotherCard > 0 { lines.append(words(.waiting_another_card, Int(waiting.forAnotherCard))) }
        if let later = waiting.later { lines.append(words(.sync_later, words.moment(later))) }
        return lines
            + words.lasting(
                waiting.standing, catalogExpired: waiting.catalogExpired, evidence: waiting.evidence, setBack: waiting.setBack)
    }

    /// How the sync goes on, or what it did.
    public var syncSays: String? {
        switch app.sync.state {
        case .idle: nil
        case .running(let step): words.step(step)
        case .done(let report): words.report(report)
        case .failed(let why): words.trouble(why)
        }
    }

    public var syncLabel: String {
        if case .running = app.sync.state { return words(.cancel_sync) }
        return words(.send_now)
    }

    /// Begins a sync, or ends the one that runs.
    public func sync() async {
        if case .running = app.sync.state { return app.sync.cancel() }
        app.sync.start()
        await app.sync.finished()
        await list()
    }

    public func status(_ card: CaseCard) -> String { words.status(card) }

    /// A few words to find the case again; no name.
    public func memo(_ card: CaseCard, _ words: String) async {
        await act {
            try await core.call { try $0.noteMemo(record: card.summary.record, memo: words.isEmpty ? nil : words) }
            await list()
        }
    }

    public func refer(_ card: CaseCard) async { await app.go(.refer(record: card.summary.record)) }

    /// A person shows her slip and takes back what was recorded, here or on another phone.
    public func withdraw(code: String, secret: String) async {
        await act {
            try await core.call { try $0.withdrawSlip(code: code, secret: secret.isEmpty ? nil : secret) }
            await list()
            said = words(secret.isEmpty ? .withdraw_waits : .withdraw_done)
        }
    }

    /// What waits as a sealed file, for a courier; none when nothing waits.
    public func bundle() async -> Data? {
        var file: Data?
        await act {
            file = try await core.call { try $0.bundle() }
            said = words(file == nil ? .nothing_waits : .bundle_saved)
        }
        return file
    }

    /// Takes what the courier brought back.
    public func take(parcel: Data) async {
        await act {
            let done = try await core.call { try $0.takeParcel(parcel: parcel) }
            await list()
            said = words.report(done)
        }
    }

    /// Brings another phone's file to the server; returns the one to take back to it.
    public func carry(_ bundle: Data) async -> Data? {
        var parcel: Data?
        await act {
            let phone = try await core.call { $0 }
            parcel = try await phone.carry(bundle: bundle)
            said = words(.parcel_saved)
        }
        return parcel
    }

    public func home() async { await app.go(.home) }
}
