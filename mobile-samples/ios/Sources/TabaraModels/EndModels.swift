import Observation
import TabaraCore

/// The end of an interview: what the screening says and advises; then it is sealed, and the codes for the slip are shown.
@Observable
public final class ResultModel: ScreenModel {
    private let draft: String
    /// What the screening says; of a stopped interview only once it is sealed, and then without advice.
    public private(set) var result: ScreeningResult?
    public private(set) var sealed: Sealed?

    init(_ app: AppModel, _ place: Place, _ draft: String) {
        self.draft = draft
        super.init(app, place)
    }

    override func load() async {
        if let sealed = app.sealed, sealed.draft == draft { return show(sealed) }
        await act { result = try await core.interview(draft) { try $0.screeningResult() } }
    }

    /// The outcome, where nobody may be looking over her shoulder.
    public var outcome: String? { sealed?.hushed == true ? nil : result?.outcome.label }
    public var advice: [String] { sealed?.hushed == true ? [] : result?.advice.map(\.label) ?? [] }
    public var urgent: [String] { result?.urgent.map(\.label) ?? [] }
    /// What the button says that ends it: without consent the answers are erased.
    public var endLabel: String {
        if sealed != nil { return words(.written_down) }
        return words(result?.recordable == false ? .erase : .seal)
    }
    /// The codes for the slip, spaced to be read aloud.
    public var code: String? { sealed?.finished.code.map(spaced) }
    public var undo: String? { sealed?.finished.undo.map(spaced) }

    /// `raise`: a reason for which she calls the person presumed.
    public func seal(raise: String? = nil) async {
        await act {
            let finished = try await core.interview(draft) { try $0.finish(raise: raise) }
            let sealed = Sealed(draft: draft, finished: finished, hushed: false)
            app.sealed = sealed
            show(sealed)
        }
    }

    public func returnToAnswers() async { await app.go(.interview(draft: draft)) }

    /// The codes are on the slip.
    public func writtenDown() async {
        app.sealed = nil
        await app.go(.home)
    }

    /// Straight on to a service: the codes can still be shown from the first screen.
    public func refer() async {
        if let record = sealed?.finished.record { await app.go(.refer(record: record)) }
    }

    override func fail(_ why: TabaraError) async {
        switch why {
        case .NoConsent: await writtenDown()  // finishing erased the answers: that is the end, not a failure
        case .NotFound: await app.go(.records)  // sealed just before the app was ended
        default: await super.fail(why)
        }
    }

    private func show(_ sealed: Sealed) {
        self.sealed = sealed
        result = sealed.finished.result
    }
}

/// The safe screen after *stop*: nothing of the interview is in sight. A slip of the finger can be taken back.
@Observable
public final class StoppedModel: ScreenModel {
    private let draft: String

    init(_ app: AppModel, _ place: Place, _ draft: String) {
        self.draft = draft
        super.init(app, place)
    }

    /// What was agreed to is kept and judged as far as it goes; without consent nothing is.
    public func finish() async {
        await act {
            let finished = try await core.interview(draft) { session in
                _ = try session.stop()
                return try session.finish(raise: nil)
            }
            app.sealed = Sealed(draft: draft, finished: finished, hushed: true)
            await app.go(.result(draft: draft))
        }
    }

    public func goOn() async { await app.go(.interview(draft: draft)) }

    override func fail(_ why: TabaraError) async {
        if why == .NoConsent { await app.go(.home) } else { await super.fail(why) }
    }
}
