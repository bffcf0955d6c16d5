import SwiftUI
import TabaraModels

struct EnrolView: View {
    @Bindable var model: EnrolModel

    var body: some View {
        let words = model.words
        Text(words(.enrol_title)).font(.title)
        Text(words(.enrol_explain))
        TextField(words(.card_hint), text: $model.card, axis: .vertical)
            .textInputAutocapitalization(.never).autocorrectionDisabled()
        Ask(label: words(.check_card), model: model) { await model.check() }
        Trouble(text: model.trouble)
        if let facts = model.facts, let fingerprint = model.fingerprint {
            Text(facts)
            Text(words(.fingerprint_explain))
            Text(fingerprint).font(.body.monospaced())
            Text(words(.pin_explain))
            SecureField(words(.pin_new), text: $model.pin)
            SecureField(words(.pin_again), text: $model.pinAgain)
            Ask(label: words(.enrol), model: model, main: true) { await model.enrol() }
            if model.busy { ProgressView() }
        }
    }
}

struct UnlockView: View {
    @Bindable var model: UnlockModel

    var body: some View {
        let words = model.words
        Text(words(.unlock_title)).font(.title)
        if model.onlyNewCard {
            Trouble(text: model.trouble)
            Ask(label: words(.new_card), model: model, main: true) { await model.newCard() }
        } else {
            Text(words(.unlock_explain))
            SecureField(words(.pin), text: $model.pin).onSubmit { Task { await model.unlock() } }
            Ask(label: words(.unlock), model: model, main: true) { await model.unlock() }
            if model.busy { ProgressView() }
            Trouble(text: model.trouble)
        }
    }
}

struct HomeView: View {
    let model: HomeModel

    var body: some View {
        let words = model.words
        Text(words(.app_name)).font(.title)
        ForEach(model.notices, id: \.self) { Text($0).foregroundStyle(.orange) }
        Trouble(text: model.trouble)
        if model.codesAgain { Ask(label: words(.codes_again), model: model) { await model.showCodes() } }
        Text(words(.begin)).font(.headline)
        if model.questionnaires.isEmpty { Text(words(.no_questionnaires)) }
        ForEach(model.questionnaires, id: \.id) { form in
            Ask(label: form.title, model: model, main: true) { await model.begin(form) }
        }
        if !model.drafts.isEmpty { Text(words(.go_on)).font(.headline) }
        ForEach(model.drafts, id: \.draft) { draft in
            Ask(label: model.label(draft), model: model) { await model.resume(draft) }
        }
        Ask(label: model.recordsLabel, model: model) { await model.records() }
        Ask(label: words(.referrals), model: model) { await model.referrals() }
        Ask(label: words(.lock), model: model) { await model.lock() }
        if !model.helpLines.isEmpty { Text(words(.help_lines)).font(.headline) }
        ForEach(model.helpLines, id: \.number) { line in
            Link("\(line.name): \(line.number)", destination: URL(string: "tel:\(line.number.filter { !$0.isWhitespace })")!)
        }
    }
}
