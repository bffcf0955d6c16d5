import Observation
import TabaraCore

/// The interview, page by page. Every page is what one call of the core returns, in the language of the interview.
@Observable
public final class InterviewModel: ScreenModel {
    private let draft: String
    public private(set) var page: Page?
    /// Why the last answer to a question was not taken, by its path.
    public private(set) var wrong: [String: String] = [:]
    private var calls = 0
    private var drawn = 0

    init(_ app: AppModel, _ place: Place, _ draft: String) {
        self.draft = draft
        super.init(app, place)
    }

    /// The words around the questions, in the language of the interview.
    public override var words: Words { page.map { Words(languageTag($0.language)) } ?? app.words }

    override func load() async { await act { try await turn { try $0.page() } } }

    /// Gives an answer as XLSForm writes it, or clears it. It is on the disk when this returns.
    public func answer(_ path: String, _ value: String?) async {
        wrong[path] = nil
        await act {
            do {
                try await turn { try $0.answer(path: path, value: value) }
            } catch TabaraError.Answer(let reason) {
                wrong[path] = words.trouble(.Answer(reason: reason))
            }
        }
    }

    /// A tap on a choice: a second one takes the answer back, since every question can be left open.
    public func toggle(_ question: Question, _ choice: String) async {
        var chosen = (question.value ?? "").split(separator: " ").map(String.init)
        if question.kind == .selectOne {
            chosen = chosen == [choice] ? [] : [choice]
        } else if let at = chosen.firstIndex(of: choice) {
            chosen.remove(at: at)
        } else {
            chosen.append(choice)
        }
        await answer(question.path, chosen.isEmpty ? nil : chosen.joined(separator: " "))
    }

    /// What stands beside a question that cannot stay as it is.
    public func message(_ question: Question) -> String? {
        if let why = wrong[question.path] { return why }
        guard let message = question.message else { return nil }
        return message.text.isEmpty ? words(message.why == .required ? .answer_missing : .trouble_answer) : message.text
    }

    /// A refused step stays on the page, which says why; after the last page comes the result.
    public func next() async {
        await act {
            guard page?.last == true else { return try await turn { try $0.next() } }
            guard let missing = try await core.interview(draft, { try $0.missing() }).first else {
                return await app.go(.result(draft: draft))
            }
            try await turn { try $0.jump(path: missing.path) }
        }
    }

    public func back() async {
        if page?.first != false { return await app.go(.home) }
        await act { try await turn { try $0.back() } }
    }

    public func addRow() async {
        guard let path = page?.another?.path else { return }
        await act { try await turn { try $0.addRow(path: path) } }
    }

    public func speak(_ language: String) async { await act { try await turn { try $0.setLanguage(language: language) } } }

    /// At once, with no question asked: the safe screen lets her come back from a slip of the finger.
    public func stop() async { await app.go(.stopped(draft: draft)) }

    override func fail(_ why: TabaraError) async {
        // finished or erased meanwhile
        if case .NotFound = why, page == nil { await app.go(.home) } else { await super.fail(why) }
    }

    /// Shows the page that the core returns, unless one that was asked for later is shown already.
    private func turn(_ work: @escaping @Sendable (Session) throws -> Page) async throws {
        calls += 1
        let mine = calls
        let next = try await core.interview(draft, work)
        guard mine > drawn else { return }
        drawn = mine
        if page?.path != next.path { wrong = [:] }
        page = next
    }
}
