import TabaraCore

extension FocalPoint {
    /// An interview, page by page to the end, as a person would.
    public func interviewed(_ answers: [String: String], language: String = "en") throws -> Session {
        let session = try start(questionnaire: "returnee_screening", language: language)
        var page = try session.page()
        while true {
            for question in page.questions {
                if let answer = answers[question.path] { page = try session.answer(path: question.path, value: answer) }
            }
            if page.last { return session }
            page = try session.next()
            precondition(!page.refused)
        }
    }
}

/// The error of the core that the work ends with.
public func trouble(_ work: () throws -> some Any) -> TabaraError? {
    do {
        _ = try work()
        return nil
    } catch {
        return error as? TabaraError
    }
}

/// The same of something that waits.
public func trouble(_ work: () async throws -> some Any) async -> TabaraError? {
    do {
        _ = try await work()
        return nil
    } catch {
        return error as? TabaraError
    }
}
