import SwiftUI
import TabaraCore
import TabaraModels
import UniformTypeIdentifiers

struct RecordsView: View {
    let app: AppModel
    let model: RecordsModel
    @State private var code = ""
    @State private var secret = ""
    @State private var file: SealedFile?
    @State private var saving = false
    @State private var opening: Opening?

    private enum Opening { case parcel, bundle }

    var body: some View {
        let words = model.words
        Text(words(.records_title)).font(.title)
        Text(model.waitingLabel)
        Text(model.lastSync).foregroundStyle(.secondary)
        ForEach(model.lasting, id: \.self) { Text($0).foregroundStyle(.orange) }
        // not an Ask: while a sync runs, this is the button that ends it
        Button(model.syncLabel) { Task { await model.sync() } }.buttonStyle(.borderedProminent)
        if let says = model.syncSays { Text(says).accessibilityAddTraits(.updatesFrequently) }
        Trouble(text: model.trouble)
        if let said = model.said { Text(said) }
        ForEach(model.cases, id: \.summary.record) { card in
            VStack(alignment: .leading) {
                Text(card.summary.code.map(spaced) ?? card.summary.questionnaire.id).font(.headline.monospaced())
                Text("\(card.summary.month) · \(model.status(card))").foregroundStyle(.secondary)
                Memo(model: model, card: card)
                if !card.summary.withdrawn { Ask(label: words(.refer), model: model) { await model.refer(card) } }
            }
        }
        if model.more { Ask(label: words(.more), model: model) { await model.showMore() } }
        DisclosureGroup(words(.withdraw)) {
            Text(words(.withdraw_explain))
            TextField(words(.withdraw_code), text: $code)
            TextField(words(.withdraw_secret), text: $secret)
            Ask(label: words(.withdraw_do), model: model) { await model.withdraw(code: code, secret: secret) }
        }
        DisclosureGroup(words(.courier)) {
            Text(words(.courier_explain))
            Ask(label: words(.save_bundle), model: model) { save(await model.bundle(), "tabara.bundle") }
            Button(words(.take_parcel)) { opening = .parcel }
            Text(words(.carry_explain))
            Button(words(.carry)) { opening = .bundle }
        }
        .fileExporter(isPresented: $saving, document: file, contentType: .data, defaultFilename: file?.name) { _ in file = nil }
        .fileImporter(isPresented: Binding(get: { opening != nil }, set: { if !$0 { opening = nil } }), allowedContentTypes: [.data]) { chosen in
            take(chosen, as: opening)
        }
        Ask(label: words(.home), model: model) { await model.home() }
    }

    private func save(_ bytes: Data?, _ name: String) {
        guard let bytes else { return }
        file = SealedFile(bytes: bytes, name: name)
        saving = true
    }

    private func take(_ chosen: Result<URL, any Error>, as what: Opening?) {
        guard case .success(let url) = chosen, url.startAccessingSecurityScopedResource() else { return }
        defer { url.stopAccessingSecurityScopedResource() }
        guard let bytes = try? Data(contentsOf: url) else { return }
        Task {
            if what == .parcel { await model.take(parcel: bytes) } else { save(await model.carry(bytes), "tabara.parcel") }
        }
    }
}

/// A few words to find the case again.
private struct Memo: View {
    let model: RecordsModel
    let card: CaseCard
    @State private var text = ""

    var body: some View {
        TextField(model.words(.memo_hint), text: $text)
            .onAppear { text = card.summary.memo ?? "" }
            .onSubmit { Task { await model.memo(card, String(text.prefix(20))) } }
            .accessibilityLabel(model.words(.memo))
    }
}

/// A sealed file for a courier, or for the phone that it came from.
struct SealedFile: FileDocument {
    static let readableContentTypes = [UTType.data]
    let bytes: Data
    let name: String

    init(bytes: Data, name: String) { (self.bytes, self.name) = (bytes, name) }

    init(configuration: ReadConfiguration) throws {
        (bytes, name) = (configuration.file.regularFileContents ?? Data(), configuration.file.filename ?? "")
    }

    func fileWrapper(configuration: WriteConfiguration) throws -> FileWrapper { FileWrapper(regularFileWithContents: bytes) }
}
