import Foundation

/// The app's words in one language. The texts are those of the Android sample (`words.sh`).
public struct Words: Sendable, Equatable {
    /// Its ISO 639 code.
    public let language: String

    /// In this language, or in English where there are no words in it.
    public init(_ language: String) {
        self.language = words[language] == nil ? "en" : language
    }

    /// The languages that have words.
    public static var languages: [String] { words.keys.sorted() }

    public func callAsFunction(_ word: Word, _ values: String...) -> String {
        var text = words[language]?[word] ?? words["en"]?[word] ?? ""
        for (at, value) in values.enumerated() {
            text = text.replacingOccurrences(of: "%\(at + 1)$s", with: value).replacingOccurrences(of: "%\(at + 1)$d", with: value)
        }
        return text
    }

    public func callAsFunction(_ plural: Plural, _ count: Int) -> String {
        guard let (one, other) = plurals[language]?[plural] ?? plurals["en"]?[plural] else { return "" }
        let single = language == "fr" ? count < 2 : count == 1
        return (single ? one : other).replacingOccurrences(of: "%d", with: "\(count)")
    }

    /// The name of a service by its code.
    public func service(_ code: String) -> String { services[language]?[code] ?? code }

    /// A moment, seconds since 1970, as people read it here.
    public func moment(_ seconds: Int64) -> String { told(seconds, time: .short) }

    /// Its day.
    public func day(_ seconds: Int64) -> String { told(seconds, time: .none) }

    private func told(_ seconds: Int64, time: DateFormatter.Style) -> String {
        let format = DateFormatter()
        format.locale = Locale(identifier: language)
        (format.dateStyle, format.timeStyle) = (.medium, time)
        return format.string(from: Date(timeIntervalSince1970: Double(seconds)))
    }
}

/// `fr` of `Français (fr)`, as questionnaires name their languages; a name without a code stands for itself.
public func languageTag(_ language: String) -> String {
    guard let bracket = language.lastIndex(of: "(") else { return language }
    return String(language[language.index(after: bracket)...].dropLast())
}

/// Ten signs of a code as they are read aloud: five and five.
public func spaced(_ code: String) -> String { "\(code.prefix(5)) \(code.dropFirst(5))" }
