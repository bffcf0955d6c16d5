import Observation
import TabaraCore

/// Referrals that have not ended, overdue ones first, and what became of them.
@Observable
public final class ReferralsModel: ScreenModel {
    public private(set) var open: [OpenReferral] = []

    override func load() async { await act { open = try await core.call { try $0.openReferrals() } } }

    /// What to do about a referral now; none where there is nothing.
    public func advice(_ line: OpenReferral) -> String? {
        if line.unreadable { return words(.referral_unreadable) }
        if line.overdue { return words(.referral_overdue) }
        return line.callNow || line.referral.status == .ready ? words(.refer_telephone) : nil
    }

    /// They were called: what was said stands with the referral.
    public func told(_ line: OpenReferral, _ said: String) async {
        await note(line, .sent, ReferralNote(text: said.isEmpty ? nil : said, byTelephone: true))
    }

    /// What became of it, as they said on the telephone.
    public func note(_ line: OpenReferral, _ status: Status, _ note: ReferralNote? = nil) async {
        await act {
            _ = try await core.call {
                try $0.noteReferral(record: line.record, referral: line.referral.referral, status: status, note: note)
            }
            await load()
        }
    }

    /// She no longer agrees: the provider's devices erase what was shared.
    public func withdraw(_ line: OpenReferral) async {
        await act {
            try await core.call { try $0.withdrawReferral(record: line.record, referral: line.referral.referral) }
            await load()
        }
    }

    public func home() async { await app.go(.home) }
}

/// A referral of one case: a service that she needs, who offers it near, what she agrees to share.
@Observable
public final class ReferModel: ScreenModel {
    private let record: String
    private var card: CaseCard?
    /// Codes of the services that she asked for.
    public private(set) var needs: [String] = []
    /// The service that was tapped, and who offers it, the nearest first.
    public private(set) var service: String?
    public private(set) var found: [FoundService] = []
    /// Who was tapped, or written where the directory has nobody; and what she agrees to share.
    public var organisation = ""
    /// How soon somebody should act: one of `urgencies`.
    public var urgency = "d3"
    public let urgencies = ["h1", "h3", "d1", "d3", "d14"]
    public var name = ""
    public var contact = ""
    /// Whoever may agree has agreed.
    public var agreed = false
    /// What was done; the screen then leads back.
    public private(set) var done: String?

    init(_ app: AppModel, _ place: Place, _ record: String) {
        self.record = record
        super.init(app, place)
    }

    override func load() async {
        await act {
            let record = record
            card = try await core.call { phone in
                var page: UInt32 = 0
                while case let cards = try phone.cases(page: page), !cards.isEmpty {
                    if let card = cards.first(where: { $0.summary.record == record }) { return card }
                    page += 1
                }
                throw TabaraError.NotFound(what: .case)
            }
            needs = card?.summary.needs ?? []
        }
    }

    /// All other services, for what comes up later.
    public var others: [String] { (services["en"] ?? [:]).keys.filter { !needs.contains($0) }.sorted() }

    public func label(urgency: String) -> String {
        let labels: [String: Word] = ["h1": .urgency_h1, "h3": .urgency_h3, "d1": .urgency_d1, "d3": .urgency_d3, "d14": .urgency_d14]
        return labels[urgency].map { words($0) } ?? urgency
    }

    /// The words of the agreement: for a child it is the caregiver's.
    public var agreement: String { words(card?.summary.child == true ? .refer_agreed_caregiver : .refer_agreed) }

    public func choose(_ service: String) async {
        await act {
            let query = ServiceQuery(need: service, place: card?.summary.commune, sex: nil, age: nil)
            found = try await core.call { try $0.findServices(query: query, page: 0) }
            self.service = service
            organisation = found.first?.service.organisation ?? ""
        }
    }

    public func refer() async {
        guard let service, agreed else { return trouble = words(.refer_agreement_needed) }
        await act {
            let share = Share(
                agreement: card?.summary.child == true ? .caregiver : .individual, name: name.isEmpty ? nil : name,
                contactReach: contact.isEmpty ? nil : contact)
            let new = NewReferral(service: service, urgency: urgency, to: organisation.isEmpty ? nil : organisation, share: share)
            let record = record
            let referral = try await core.call { try $0.refer(record: record, new: new) }
            done = words(referral.status == .ready ? .refer_telephone : .refer_queued)
        }
    }

    public func home() async { await app.go(.home) }
}

/// On a provider's device: who was referred to her, and her answers.
@Observable
public final class IncomingModel: ScreenModel {
    public private(set) var lines: [IncomingReferral] = []
    /// The one that is open, with what the person agreed to share.
    public private(set) var opened: OpenedReferral?

    override func load() async { await act { lines = try await core.call { try $0.incoming(page: 0) } } }

    public func open(_ line: IncomingReferral) async {
        await act {
            opened = try await core.call { try $0.openReferral(referral: line.referral) }
            lines = try await core.call { try $0.incoming(page: 0) }
        }
    }

    public func answer(_ status: Status, _ note: ReferralNote? = nil) async {
        guard let line = opened?.line else { return }
        await act {
            _ = try await core.call { try $0.answer(referral: line.referral, status: status, note: note) }
            opened = nil
            lines = try await core.call { try $0.incoming(page: 0) }
        }
    }

    public func sync() async {
        app.sync.start()
        await app.sync.finished()
        await load()
    }
}
