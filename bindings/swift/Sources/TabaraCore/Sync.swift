/// What a sync tells while it runs, and what it did.
public enum SyncEvent: Sendable {
    /// It begins a step, or has come this far in it.
    case at(Step)
    /// It has ended; nothing follows.
    case done(SyncReport)
}

extension FocalPoint {
    /// Sends what waits and fetches what is new; works while locked. When the task is cancelled the core ends it at once, and
    /// the report says `cancelled`: what was settled stays settled, and the next sync goes on from there.
    public func sync() async throws -> SyncReport {
        let run = SyncRun(progress: nil)
        return try await withTaskCancellationHandler { try await syncRun(run: run) } onCancel: { run.cancel() }
    }

    /// The same, step by step. It runs until the report comes; leaving the loop, or cancelling its task, ends it at once.
    ///
    /// ```swift
    /// for try await event in phone.syncEvents() { ... }
    /// ```
    public func syncEvents() -> AsyncThrowingStream<SyncEvent, any Error> {
        AsyncThrowingStream { events in
            let run = SyncRun(progress: Steps(events: events))
            Task {
                do {
                    events.yield(.done(try await syncRun(run: run)))
                    events.finish()
                } catch {
                    events.finish(throwing: error)
                }
            }
            events.onTermination = { _ in run.cancel() }
        }
    }
}

private final class Steps: SyncProgress {
    let events: AsyncThrowingStream<SyncEvent, any Error>.Continuation

    init(events: AsyncThrowingStream<SyncEvent, any Error>.Continuation) {
        self.events = events
    }

    func at(step: Step) throws {
        events.yield(.at(step))
    }
}
