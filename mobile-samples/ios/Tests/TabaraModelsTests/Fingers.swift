import Foundation
import TabaraCore
import TabaraFixtures
import Testing

@testable import TabaraModels

/// A focal point at the phone: what she taps and types is counted.
@MainActor
final class Fingers {
    let folder = TemporaryFolder()
    let secret = MemorySecret()
    private(set) var app: AppModel
    private(set) var taps = 0
    private(set) var typed = 0
    private(set) var pages = 0

    init(language: String = "en") async {
        app = AppModel(core: Core(folder: folder.url, secret: secret), language: language)
        await app.go(.home)
    }

    /// A phone with a card and its questionnaires.
    static func enrolled(card: String = Deployment.shared.card()) async throws -> Fingers {
        let hand = await Fingers()
        try await hand.enrol(card)
        return hand
    }

    func enrol(_ card: String) async throws {
        let enrol = try #require(screen(EnrolModel.self))
        type { enrol.card = card }
        await tap { await enrol.check() }
        type { enrol.pin = "482913" }
        type { enrol.pinAgain = "482913" }
        await tap { await enrol.enrol() }
        await app.sync.finished()
        await app.go(.home)
    }

    func tap(_ work: () async -> Void) async {
        taps += 1
        app.touched()
        await work()
    }

    func type(_ work: () -> Void) {
        typed += 1
        work()
    }

    /// What the work costs.
    func counted(_ work: () async throws -> Void) async rethrows -> (taps: Int, typed: Int) {
        let before = (taps, typed)
        try await work()
        return (taps - before.0, typed - before.1)
    }

    /// The screen, if it is this one.
    func screen<Model: ScreenModel>(_: Model.Type) -> Model? { app.screen.model as? Model }

    /// The app is ended by the system, and started again at the place that it kept.
    func restart() async throws {
        let place = try JSONEncoder().encode(app.place)
        await app.core.close()
        app = AppModel(core: Core(folder: folder.url, secret: secret), language: app.words.language)
        await app.go(try JSONDecoder().decode(Place.self, from: place))
    }

    func unlock(_ pin: String = "482913") async throws {
        let unlock = try #require(screen(UnlockModel.self))
        type { unlock.pin = pin }
        await tap { await unlock.unlock() }
    }

    /// Begins an interview and answers page by page, up to the page with a question, or to the result.
    func interview(upTo path: String? = nil, _ answers: [String: String]) async throws -> InterviewModel {
        let home = try #require(screen(HomeModel.self))
        await tap { await home.begin(home.questionnaires[0]) }
        let model = try #require(screen(InterviewModel.self))
        while app.screen.model === model {
            if model.page!.questions.contains(where: { $0.path == path }) { break }
            var done: Set<String> = []
            // an answer may bring further questions onto the page
            while let question = model.page?.questions.first(where: { answers[$0.path] != nil && !done.contains($0.path) }) {
                done.insert(question.path)
                await answer(model, question, answers[question.path]!)
            }
            await tap { await model.next() }
            pages += 1
            #expect(model.page?.refused == false)
            if model.page?.refused != false { break }
        }
        return model
    }

    /// By touch: taps each choice, picks from a long list (opens it, chooses), or types.
    private func answer(_ model: InterviewModel, _ question: Question, _ value: String) async {
        switch question.kind {
        case .selectOne, .selectMultiple:
            if question.choices.count > 15 { taps += 1 }
            for choice in value.split(separator: " ") { await tap { await model.toggle(question, String(choice)) } }
        case .date:
            taps += 2  // opens the wheels, says OK
            await model.answer(question.path, value)
        default:
            typed += 1
            await model.answer(question.path, value)
        }
    }
}
