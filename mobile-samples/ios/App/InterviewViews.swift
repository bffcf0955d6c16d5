import SwiftUI
import TabaraCore
import TabaraModels

struct InterviewView: View {
    let model: InterviewModel

    var body: some View {
        let words = model.words
        if let page = model.page {
            HStack {
                ProgressView(value: Double(page.progress.done), total: Double(max(page.progress.all, 1)))
                Menu(words(.language_button, languageTag(page.language).uppercased())) {
                    ForEach(page.languages, id: \.self) { name in Button(name) { Task { await model.speak(name) } } }
                }
            }
            if let title = page.title { Text(title).font(.headline) }
            ForEach(page.questions, id: \.path) { QuestionView(model: model, question: $0) }
            if let another = page.another {
                Ask(label: words(.add_row, another.label), model: model) { await model.addRow() }
            }
            HStack {
                if !page.first { Ask(label: words(.back), model: model) { await model.back() } }
                Ask(label: words(page.last ? .to_result : .next), model: model, main: true) { await model.next() }
            }
            if page.stoppable { Ask(label: words(.stop), model: model) { await model.stop() } }
        }
        Trouble(text: model.trouble)
    }
}

/// One question. The core is the only place where an answer lives: a tap is told to it, and what it returns is drawn.
struct QuestionView: View {
    let model: InterviewModel
    let question: Question
    @State private var typed = ""
    @State private var day = Date()
    @FocusState private var typing: Bool

    var body: some View {
        VStack(alignment: .leading, spacing: 8) {
            Text(question.required ? "\(question.label)\u{a0}*" : question.label).font(.title3)
            if let hint = question.hint { Text(hint).foregroundStyle(.secondary) }
            field
            Trouble(text: model.message(question))
        }
    }

    @ViewBuilder private var field: some View {
        switch question.kind {
        case .selectOne, .selectMultiple: choices
        case .text, .barcode, .integer, .decimal, .range:
            TextField("", text: $typed)
                .keyboardType(question.kind == .text || question.kind == .barcode ? .default : .decimalPad)
                .autocorrectionDisabled()
                .textFieldStyle(.roundedBorder)
                .accessibilityLabel(question.label)
                .focused($typing)
                .onAppear { typed = question.value ?? "" }
                .onChange(of: typing) { _, now in if !now { tell() } }
                .onDisappear { tell() }
        case .date:
            DatePicker(
                model.words(.choose_date),
                selection: Binding(get: { question.value.flatMap(Self.date) ?? day }, set: { chosen in answer(Self.text(chosen)) }),
                displayedComponents: .date)
        case .acknowledge: Button(model.words(.ok)) { answer("OK") }
        case .note: EmptyView()
        default: Text(model.words(.kind_not_here)).foregroundStyle(.secondary)
        }
    }

    private var choices: some View {
        let chosen = Set((question.value ?? "").split(separator: " ").map(String.init))
        let several = question.kind == .selectMultiple
        return ForEach(question.choices, id: \.name) { choice in
            Button {
                Task { await model.toggle(question, choice.name) }
            } label: {
                let mark = several ? "square" : "circle"
                Label(choice.label, systemImage: chosen.contains(choice.name) ? (several ? "checkmark.square.fill" : "largecircle.fill.circle") : mark)
                    .frame(maxWidth: .infinity, minHeight: 44, alignment: .leading)
            }
            .accessibilityAddTraits(chosen.contains(choice.name) ? .isSelected : [])
        }
    }

    private func tell() {
        let text = typed.trimmingCharacters(in: .whitespaces)
        if text != question.value ?? "" { answer(text.isEmpty ? nil : text) }
    }

    private func answer(_ value: String?) { Task { await model.answer(question.path, value) } }

    private static func format() -> DateFormatter {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.dateFormat = "yyyy-MM-dd"
        return format
    }

    private static func date(_ text: String) -> Date? { format().date(from: text) }

    private static func text(_ date: Date) -> String { format().string(from: date) }
}

struct ResultView: View {
    let model: ResultModel
    @State private var raising = false

    var body: some View {
        let words = model.words
        Text(words(.result_title)).font(.title)
        ForEach(model.urgent, id: \.self) { Text($0).font(.headline).foregroundStyle(.red) }
        if let outcome = model.outcome {
            Text(words(.outcome))
            Text(outcome).font(.title2)
        }
        ForEach(model.advice, id: \.self) { Text($0) }
        Trouble(text: model.trouble)
        if model.sealed != nil {
            Text(words(.sealed))
            if let code = model.code {
                Text(words(.slip_explain))
                Text(code).font(.title.monospaced()).accessibilityLabel(code.map(String.init).joined(separator: " "))
            }
            if let undo = model.undo {
                Text(words(.undo_explain))
                Text(undo).font(.title2.monospaced())
            }
            Ask(label: words(.refer), model: model) { await model.refer() }
            Ask(label: model.endLabel, model: model, main: true) { await model.writtenDown() }
        } else if let result = model.result {
            if result.recordable { Text(words(.seal_explain)).foregroundStyle(.secondary) }
            Ask(label: model.endLabel, model: model, main: true) { await model.seal() }
            if !result.raiseReasons.isEmpty { Button(words(.raise)) { raising = true } }
            Ask(label: words(.return_to_answers), model: model) { await model.returnToAnswers() }
                .confirmationDialog(words(.raise_why), isPresented: $raising) {
                    ForEach(result.raiseReasons, id: \.code) { reason in
                        Button(reason.label) { Task { await model.seal(raise: reason.code) } }
                    }
                }
        }
    }
}

struct StoppedView: View {
    let model: StoppedModel

    var body: some View {
        Text(model.words(.stopped_title)).font(.title)
        Text(model.words(.stopped_words))
        Ask(label: model.words(.stopped_finish), model: model, main: true) { await model.finish() }
        Ask(label: model.words(.stopped_return), model: model) { await model.goOn() }
        Trouble(text: model.trouble)
    }
}
