import Foundation
import TabaraCore

/// The core, and the interview that is open. All calls but a sync go through one queue in the order of the taps, so that the main
/// thread, and Swift's few others, never wait for the disk or for key stretching.
public final class Core: @unchecked Sendable {
    private let folder: URL
    private let secret: any DeviceSecret
    private let queue = DispatchQueue(label: "org.tabara.core")
    // used on the queue only
    private var opened: FocalPoint?
    private var session: Session?

    /// The folder is made where it is not there, and stays out of backups.
    public init(folder: URL, secret: any DeviceSecret) {
        self.folder = folder
        self.secret = secret
    }

    /// Calls the phone, opening its folder first where it is not.
    func call<T: Sendable>(_ work: @escaping @Sendable (FocalPoint) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { answer in
            queue.async { answer.resume(with: Result { try work(self.phone()) }) }
        }
    }

    /// Calls the interview of this draft, taking it up again where it is not open. What was asked for is done also when nobody waits
    /// any more: an answer typed just before the app goes away is saved.
    func interview<T: Sendable>(_ draft: String, _ work: @escaping @Sendable (Session) throws -> T) async throws -> T {
        try await call { phone in
            if self.session?.draft() != draft { self.session = try phone.resume(draft: draft) }
            return try work(self.session!)
        }
    }

    /// Begins an interview; returns its draft.
    func begin(_ questionnaire: String, language: String) async throws -> String {
        try await call { phone in
            let session = try phone.start(questionnaire: questionnaire, language: language)
            self.session = session
            return session.draft()
        }
    }

    /// Locks the vault. Codes that are not written down yet can be shown again after the PIN.
    func lock() async {
        await withCheckedContinuation { answer in
            queue.async {
                self.session = nil
                self.opened?.lock()
                answer.resume()
            }
        }
    }

    /// Locks for good and frees the folder. The end of the process does the same.
    func close() async {
        await withCheckedContinuation { answer in
            queue.async {
                (self.session, self.opened) = (nil, nil)
                answer.resume()
            }
        }
    }

    private func phone() throws -> FocalPoint {
        if let opened { return opened }
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        #if canImport(Darwin)
            var (place, values) = (folder, URLResourceValues())
            values.isExcludedFromBackup = true
            try? place.setResourceValues(values)
        #endif
        let phone = try FocalPoint.open(folder: folder.path, secret: secret)
        opened = phone
        return phone
    }
}
