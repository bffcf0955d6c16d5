import Foundation
import Observation
import TabaraCore

/// Enrolment by the text of a card: what it says is shown before it is used; then a PIN is chosen.
@Observable
public final class EnrolModel: ScreenModel {
    public var card = "" { didSet { preview = nil } }
    public var pin = ""
    public var pinAgain = ""
    /// What the card says; none before it was looked at.
    public private(set) var preview: CardPreview?

    public func check() async {
        await act {
            let text = card
            preview = try await core.call { _ in try readCard(text: text) }
        }
    }

    /// The facts of the card, to be compared with what she was told.
    public var facts: String? {
        preview.map { words(.card_facts, $0.organisation, $0.commune, words.day($0.expires), $0.server) }
    }

    /// Keys to be read aloud to the coordinator.
    public var fingerprint: String? {
        preview.map { card in card.fingerprint + (card.certificate.map { "\n\n" + words(.card_certificate, $0) } ?? "") }
    }

    public func enrol() async {
        guard pin == pinAgain else { return trouble = words(.pin_differs) }
        await act {
            let (card, pin) = (card, pin)
            try await core.call { try $0.enrol(card: card, pin: pin) }
            app.sync.start()  // fetches the questionnaires
            await app.go(.home)
        }
    }
}

/// Asks for the PIN, then goes on to where the focal point was.
@Observable
public final class UnlockModel: ScreenModel {
    let then: Place
    public var pin = ""
    /// No PIN opens anything any more: only a card leads on.
    public private(set) var onlyNewCard = false
    private var notBefore = Date.distantPast

    init(_ app: AppModel, then: Place) {
        self.then = then
        super.init(app, then)
    }

    override func load() async {
        await act {
            switch try await core.call({ try $0.state() }) {
            case .unlocked: await app.go(then)
            case .notEnrolled: await app.go(.enrol)
            case .locked(_, let rest): notBefore = Date(timeIntervalSinceNow: rest)
            case .keyStoreLost: lost(words(.trouble_key_store_lost))
            case .damaged(let file): lost(words.damaged(file))
            case .vaultDestroyed(let reason): lost(words.destroyed(reason))
            }
        }
    }

    public func unlock() async {
        guard !pin.isEmpty, Date() >= notBefore else { return }
        await act {
            let typed = pin
            pin = ""
            try await core.call { try $0.unlock(pin: typed) }
            await app.go(then)
        }
    }

    /// A card is taken while locked only.
    public func newCard() async {
        await core.lock()
        await app.go(.enrol)
    }

    override func fail(_ why: TabaraError) async {
        switch why {
        case .WrongPin(_, let rest), .TooSoon(let rest): notBefore = Date(timeIntervalSinceNow: rest)
        case .KeyStoreLost, .VaultDestroyed, .Damaged: onlyNewCard = true
        default: break
        }
        await super.fail(why)
    }

    private func lost(_ why: String) {
        onlyNewCard = true
        trouble = why
    }
}

/// Begin an interview, go on with one, look at what waits. No name, no answer and no outcome stands here.
@Observable
public final class HomeModel: ScreenModel {
    public private(set) var questionnaires: [QuestionnaireInfo] = []
    public private(set) var drafts: [DraftInfo] = []
    public private(set) var notices: [String] = []
    public private(set) var helpLines: [HelpLine] = []
    private var waiting = 0

    override func load() async {
        await act {
            let (forms, drafts, waiting, notices, lines, role) = try await core.call {
                (try $0.questionnaires(), try $0.drafts(), try $0.waiting(), try $0.notices(), $0.helpLines(), try $0.role())
            }
            if role == .provider { return await app.go(.incoming) }
            (questionnaires, self.drafts, helpLines) = (forms, drafts, lines)
            (self.waiting, self.notices) = (Int(waiting.records), notices.map { words.notice($0) })
        }
    }

    /// The button to the records says how many wait.
    public var recordsLabel: String { waiting == 0 ? words(.records) : words(.records_waiting, waiting) }

    /// The codes of the last slip were not written down yet.
    public var codesAgain: Bool { app.sealed != nil }

    public func label(_ draft: DraftInfo) -> String {
        let form = questionnaires.first { $0.id == draft.questionnaire }
        return words(.draft_began, form?.title ?? draft.questionnaire, words.moment(draft.started))
    }

    /// In the phone's language where the questionnaire has it; it can be changed on every page.
    public func begin(_ form: QuestionnaireInfo) async {
        await act {
            let language = form.languages.first { languageTag($0) == words.language } ?? form.languages[0]
            await app.go(.interview(draft: try await core.begin(form.id, language: language)))
        }
    }

    public func resume(_ draft: DraftInfo) async { await app.go(.interview(draft: draft.draft)) }

    public func showCodes() async { if let sealed = app.sealed { await app.go(.result(draft: sealed.draft)) } }

    public func records() async { await app.go(.records) }

    public func referrals() async { await app.go(.referrals) }

    public func lock() async { await app.lock() }
}
