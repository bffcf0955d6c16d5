import SwiftUI
import TabaraCore
import TabaraModels

@main
struct TabaraApp: App {
    @State private var app: AppModel

    init() {
        let files = FileManager.default.urls(for: .applicationSupportDirectory, in: .userDomainMask)[0]
        let core = Core(folder: files.appendingPathComponent("focal-point"), secret: KeychainSecret())
        let language = Locale.preferredLanguages.first.map { String($0.prefix(2)) } ?? "fr"
        _app = State(initialValue: AppModel(core: core, language: language))
    }

    var body: some Scene {
        WindowGroup { Root(app: app) }
    }
}

/// Keeps the place, locks when nobody touches the phone, and covers what iOS photographs for the list of apps.
struct Root: View {
    let app: AppModel
    @Environment(\.scenePhase) private var phase
    /// Where she was; it names nobody.
    @SceneStorage("place") private var kept = ""

    var body: some View {
        Frame(app: app)
            .overlay { if phase != .active { Color(.systemBackground).ignoresSafeArea() } }
            .task { await app.go((try? JSONDecoder().decode(Place.self, from: Data(kept.utf8))) ?? .home) }
            .task {
                while !Task.isCancelled {
                    try? await Task.sleep(for: .seconds(1))
                    await app.tick()
                }
            }
            .onChange(of: app.place) { _, place in
                kept = (try? JSONEncoder().encode(place ?? .home)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            }
            .onChange(of: phase) { _, now in if now == .active { Task { await app.tick() } } }
    }
}

/// The bar with the way out, and the screen below it.
struct Frame: View {
    let app: AppModel

    var body: some View {
        NavigationStack {
            ScrollView {
                VStack(alignment: .leading, spacing: 16) { screen }
                    .frame(maxWidth: .infinity, alignment: .leading)
                    .padding()
            }
            .toolbar {
                if case .harmless = app.screen {} else {
                    Button(app.words(.quick_exit)) { Task { await app.quickExit() } }
                        .accessibilityLabel(app.words(.quick_exit_long))
                }
            }
        }
        .simultaneousGesture(DragGesture(minimumDistance: 0).onChanged { _ in app.touched() })
    }

    @ViewBuilder private var screen: some View {
        switch app.screen {
        case .enrol(let model): EnrolView(model: model)
        case .unlock(let model): UnlockView(model: model)
        case .home(let model): HomeView(model: model)
        case .interview(let model): InterviewView(model: model)
        case .result(let model): ResultView(model: model)
        case .stopped(let model): StoppedView(model: model)
        case .records(let model): RecordsView(app: app, model: model)
        case .referrals(let model): ReferralsView(model: model)
        case .refer(let model): ReferView(model: model)
        case .incoming(let model): IncomingView(model: model)
        // what anybody may see; a tap brings the PIN
        case .harmless: Text(app.words(.harmless)).onTapGesture(count: 3) { Task { await app.go(.home) } }
        }
    }
}

/// A button that asks the core, and rests while a call is on its way.
struct Ask: View {
    let label: String
    let model: ScreenModel
    var main = false
    let action: @MainActor () async -> Void

    var body: some View {
        Button {
            Task { await action() }
        } label: {
            Text(label).frame(maxWidth: .infinity, minHeight: 44).multilineTextAlignment(.leading)
        }
        .buttonStyle(.bordered)
        .tint(main ? .accentColor : .secondary)
        .disabled(model.busy)
    }
}

/// What went wrong; read aloud when it comes.
struct Trouble: View {
    let text: String?

    var body: some View {
        if let text {
            Label(text, systemImage: "exclamationmark.triangle")
                .foregroundStyle(.red)
                .accessibilityAddTraits(.updatesFrequently)
        }
    }
}
