import Foundation
import Observation
import TabaraCore

/// Where the focal point is. It may be kept when the app goes away, so it names nobody: a screen, and the random id of a draft or a record.
public enum Place: Codable, Equatable, Sendable {
    case enrol, home, records, referrals, incoming
    case interview(draft: String), result(draft: String), stopped(draft: String)
    case refer(record: String)
}

/// What is on the screen.
public enum Screen {
    case enrol(EnrolModel), unlock(UnlockModel), home(HomeModel), interview(InterviewModel), result(ResultModel), stopped(StoppedModel)
    case records(RecordsModel), referrals(ReferralsModel), refer(ReferModel), incoming(IncomingModel)
    /// Nothing of the app: after the way out.
    case harmless

    var model: ScreenModel? {
        switch self {
        case .enrol(let model): model
        case .unlock(let model): model
        case .home(let model): model
        case .interview(let model): model
        case .result(let model): model
        case .stopped(let model): model
        case .records(let model): model
        case .referrals(let model): model
        case .refer(let model): model
        case .incoming(let model): model
        case .harmless: nil
        }
    }
}

/// A finished interview. `hushed`: it was stopped, so outcome and advice stay hidden, somebody may be looking.
public struct Sealed {
    let draft: String
    public let finished: Finished
    public let hushed: Bool
}

/// The app: one screen at a time, the lock, the way out.
@MainActor @Observable
public final class AppModel {
    public private(set) var screen: Screen = .harmless
    public let words: Words
    public let sync: SyncModel
    /// What sealing the last interview gave, until the focal point says that the codes are written down.
    var sealed: Sealed?
    let core: Core
    private var lockAfter: TimeInterval = 120
    private var touchedAt = Date()

    /// `language`: the phone's.
    public init(core: Core, language: String) {
        self.core = core
        words = Words(language)
        sync = SyncModel(core: core)
    }

    /// Where the focal point is, for the next start.
    public var place: Place? {
        if case .unlock(let model) = screen { return model.then }
        return screen.model?.place
    }

    /// Shows a place; the core decides whether it may be shown: without a card or a PIN another screen comes first.
    public func go(_ place: Place) async {
        switch place {
        case .enrol: screen = .enrol(EnrolModel(self, place))
        case .home: screen = .home(HomeModel(self, place))
        case .interview(let draft): screen = .interview(InterviewModel(self, place, draft))
        case .result(let draft): screen = .result(ResultModel(self, place, draft))
        case .stopped(let draft): screen = .stopped(StoppedModel(self, place, draft))
        case .records: screen = .records(RecordsModel(self, place))
        case .referrals: screen = .referrals(ReferralsModel(self, place))
        case .refer(let record): screen = .refer(ReferModel(self, place, record))
        case .incoming: screen = .incoming(IncomingModel(self, place))
        }
        await screen.model?.load()
        if place == .home, let after = try? await core.call({ try $0.lockAfter() }) { lockAfter = after }
    }

    /// Locks and asks for the PIN; the place is kept.
    public func lock() async {
        await core.lock()
        let state = try? await core.call { try $0.state() }
        if state != .notEnrolled { await askPin() }
    }

    /// Every touch puts the lock off.
    public func touched(now: Date = Date()) { touchedAt = now }

    /// A timer, and the return from the background, ask this: nobody has touched the phone for too long.
    public func tick(now: Date = Date()) async {
        if now.timeIntervalSince(touchedAt) > lockAfter, case .unlock = screen {} else if now.timeIntervalSince(touchedAt) > lockAfter {
            await lock()
        }
    }

    /// The way out when somebody comes: locked, and a screen that says nothing.
    public func quickExit() async {
        screen = .harmless
        await core.lock()
    }

    /// A call of the core failed for a screen: a lock, or no enrolment, leads to the screen that mends it.
    func met(_ why: TabaraError, at asked: ScreenModel) async {
        guard screen.model === asked else { return }
        switch why {
        case .Locked: await askPin()
        case .NotEnrolled: await go(.enrol)
        case .KeyStoreLost, .VaultDestroyed, .Damaged:
            // where the whole phone is lost, the screen before the PIN offers a new card
            let state = try? await core.call { try $0.state() }
            if asked is UnlockModel || state == .unlocked { await asked.fail(why) } else { await askPin() }
        default: await asked.fail(why)
        }
    }

    private func askPin() async {
        let model = UnlockModel(self, then: place ?? .home)
        screen = .unlock(model)
        await model.load()
    }
}

/// One screen: what it shows, and what a tap on it asks of the core.
@MainActor @Observable
open class ScreenModel {
    unowned let app: AppModel
    let place: Place
    /// What went wrong, in words, with what she can do; none where all is well.
    public internal(set) var trouble: String?
    private var running = 0

    init(_ app: AppModel, _ place: Place) {
        self.app = app
        self.place = place
    }

    /// A call of the core is on its way: buttons rest.
    public var busy: Bool { running > 0 }
    public var words: Words { app.words }
    var core: Core { app.core }

    /// Loads what the screen shows.
    func load() async {}

    /// A call failed: tells it.
    func fail(_ why: TabaraError) async { trouble = words.trouble(why) }

    /// Runs what a tap asks of the core; a failure is told.
    func act(_ work: () async throws -> Void) async {
        running += 1
        trouble = nil
        defer { running -= 1 }
        do {
            try await work()
        } catch let why as TabaraError {
            await app.met(why, at: self)
        } catch {
            // a fault of the core that no error describes: nothing of it goes onto the screen
            trouble = words(.trouble_internal, "\(type(of: error))")
        }
    }
}
