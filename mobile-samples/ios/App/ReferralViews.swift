import SwiftUI
import TabaraCore
import TabaraModels

struct ReferralsView: View {
    let model: ReferralsModel

    var body: some View {
        let words = model.words
        Text(words(.referrals)).font(.title)
        Trouble(text: model.trouble)
        if model.open.isEmpty { Text(words(.referrals_none)) }
        ForEach(model.open, id: \.referral.referral) { OpenLine(model: model, line: $0) }
        Ask(label: words(.home), model: model) { await model.home() }
    }
}

/// One referral: how far it has come, and what she can do about it.
private struct OpenLine: View {
    let model: ReferralsModel
    let line: OpenReferral
    @State private var said = ""

    var body: some View {
        let words = model.words
        VStack(alignment: .leading, spacing: 8) {
            Text(line.code.map(spaced) ?? "").font(.headline.monospaced())
            if let memo = line.memo { Text(memo) }
            Text("\(words.service(line.referral.service)) · \(line.referral.to ?? "")")
            Text(words.status(line.referral.status))
            if let advice = model.advice(line) { Text(advice).foregroundStyle(.orange) }
            ForEach(line.referral.steps, id: \.record) { step in
                if let text = step.note?.text { Text("\(words.day(step.at)): \(text)").foregroundStyle(.secondary) }
            }
            TextField(words(.referral_answered), text: $said)
            Ask(label: words(.referral_told), model: model) { await model.told(line, said) }
            Menu(words(.referral_answered)) {
                ForEach(answers, id: \.self) { status in
                    Button(words.status(status)) { Task { await model.note(line, status) } }
                }
            }
            Ask(label: words(.referral_withdraw), model: model) { await model.withdraw(line) }
        }
    }

    private let answers: [Status] = [.received, .accepted, .inService, .completed, .declined, .serviceUnavailable, .lostContact, .refusedByPerson]
}

struct ReferView: View {
    @Bindable var model: ReferModel

    var body: some View {
        let words = model.words
        Text(words(.refer_title)).font(.title)
        if let done = model.done {
            Text(done)
            Ask(label: words(.home), model: model, main: true) { await model.home() }
        } else if let service = model.service {
            Text(words.service(service)).font(.headline)
            Text(model.found.isEmpty ? words(.refer_none_found) : words(.refer_found))
            ForEach(model.found, id: \.service.id) { offer in
                Button {
                    model.organisation = offer.service.organisation
                } label: {
                    VStack(alignment: .leading) {
                        Text("\(offer.service.organisation): \(offer.service.name)")
                        ForEach(offer.remarks, id: \.self) { Text(words.remark($0)).foregroundStyle(.orange) }
                        Text(offer.service.phones.joined(separator: ", ")).foregroundStyle(.secondary)
                    }
                }
                .accessibilityAddTraits(model.organisation == offer.service.organisation ? .isSelected : [])
            }
            TextField(words(.refer_found), text: $model.organisation)
            Picker(words(.refer_title), selection: $model.urgency) {
                ForEach(model.urgencies, id: \.self) { Text(model.label(urgency: $0)) }
            }
            Text(words(.refer_consent)).foregroundStyle(.secondary)
            TextField(words(.refer_name), text: $model.name)
            TextField(words(.refer_contact), text: $model.contact)
            Toggle(model.agreement, isOn: $model.agreed)
            Trouble(text: model.trouble)
            Ask(label: words(.refer_send), model: model, main: true) { await model.refer() }
        } else {
            Trouble(text: model.trouble)
            if !model.needs.isEmpty { Text(words(.refer_needs)).font(.headline) }
            ForEach(model.needs, id: \.self) { code in
                Ask(label: words.service(code), model: model, main: true) { await model.choose(code) }
            }
            Text(words(.refer_all)).font(.headline)
            ForEach(model.others, id: \.self) { code in
                Ask(label: words.service(code), model: model) { await model.choose(code) }
            }
            Ask(label: words(.home), model: model) { await model.home() }
        }
    }
}

/// On a provider's device.
struct IncomingView: View {
    let model: IncomingModel

    var body: some View {
        let words = model.words
        Text(words(.incoming)).font(.title)
        Trouble(text: model.trouble)
        Ask(label: words(.send_now), model: model) { await model.sync() }
        if let opened = model.opened {
            Text(words.service(opened.line.service)).font(.headline)
            let share = opened.share
            ForEach([share?.name, share?.needs, share?.situation, share?.contactChannel, share?.contactReach, share?.contactTimes].compactMap { $0 }, id: \.self) {
                Text($0)
            }
            Ask(label: words(.incoming_accept), model: model, main: true) { await model.answer(.accepted) }
            Ask(label: words(.incoming_decline), model: model) {
                await model.answer(.declined, ReferralNote(declined: .noCapacity, full: true))
            }
        }
        ForEach(model.lines, id: \.referral) { line in
            Ask(label: "\(words.service(line.service)) · \(line.from) · \(words.status(line.status))", model: model) { await model.open(line) }
        }
    }
}
