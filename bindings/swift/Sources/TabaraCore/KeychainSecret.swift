#if canImport(Security)
import CryptoKit
import Foundation
import Security

/// The phone's secret in the keychain and the Secure Enclave: one item for each purpose, named by it, so that each folder (each
/// person on this phone) has its own.
///
/// The Enclave knows no HMAC, but agrees on a key. A purpose's item holds what only this device's Enclave can use of its private
/// key, and a public key whose private half nobody kept. What both agree on is the key of the HMAC; it exists in memory
/// for the length of one call. Where there is no Enclave (a simulator) the item holds the key of the HMAC itself.
///
/// Items can be read from the first unlock after a start of the phone on, so that records are sent from a pocket; they stay on this
/// device, in no backup. No finger and no face is asked for: what guards the answers is the PIN on top of it. A missing item is made
/// anew: the core notices by its key file that the secret is another one, and says `KeyStoreLost`.
public final class KeychainSecret: DeviceSecret, Sendable {
    private static let service = "org.tabara.secret"
    private static let agreed = Data("org.tabara.secret.1".utf8)

    public init() {}

    public func derive(purpose: String, input: Data) throws -> Data {
        let item = try read(purpose) ?? make(purpose)
        return Data(HMAC<SHA256>.authenticationCode(for: input, using: try key(of: item)))
    }

    public func forget(purpose: String) throws {
        let status = SecItemDelete(query(purpose) as CFDictionary)
        guard status == errSecSuccess || status == errSecItemNotFound else { throw SecretError.Unavailable }
    }

    /// What an item holds.
    private struct Item: Codable {
        /// The Enclave's private key, wrapped by it, and the other side's public key.
        var enclave: Data?
        var peer: Data?
        /// The HMAC's key, where there is no Enclave.
        var plain: Data?
    }

    private func key(of item: Item) throws -> SymmetricKey {
        if let plain = item.plain { return SymmetricKey(data: plain) }
        guard let enclave = item.enclave, let peer = item.peer else { throw SecretError.Lost }
        do {
            let mine = try SecureEnclave.P256.KeyAgreement.PrivateKey(dataRepresentation: enclave)
            let theirs = try P256.KeyAgreement.PublicKey(rawRepresentation: peer)
            return try mine.sharedSecretFromKeyAgreement(with: theirs)
                .hkdfDerivedSymmetricKey(using: SHA256.self, salt: Data(), sharedInfo: Self.agreed, outputByteCount: 32)
        } catch {
            // Before the first unlock the Enclave does not answer, and afterwards it does; the item of another device it
            // refuses for good. Both look alike here, and a secret that is called lost ends in a new card.
            throw SecretError.Unavailable
        }
    }

    private func make(_ purpose: String) throws -> Item {
        let item = SecureEnclave.isAvailable ? try enclaveItem() : Item(plain: Data((0..<32).map { _ in UInt8.random(in: 0...255) }))
        var adding = query(purpose)
        adding[kSecAttrAccessible] = kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
        adding[kSecValueData] = try JSONEncoder().encode(item)
        let status = SecItemAdd(adding as CFDictionary, nil)
        if status == errSecDuplicateItem, let other = try read(purpose) { return other }  // another thread was first
        guard status == errSecSuccess else { throw SecretError.Unavailable }
        return item
    }

    private func enclaveItem() throws -> Item {
        guard let access = SecAccessControlCreateWithFlags(nil, kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly, .privateKeyUsage, nil),
            let mine = try? SecureEnclave.P256.KeyAgreement.PrivateKey(accessControl: access)
        else { throw SecretError.Unavailable }
        return Item(enclave: mine.dataRepresentation, peer: P256.KeyAgreement.PrivateKey().publicKey.rawRepresentation)
    }

    private func read(_ purpose: String) throws -> Item? {
        var asking = query(purpose)
        asking[kSecReturnData] = true
        var found: CFTypeRef?
        switch SecItemCopyMatching(asking as CFDictionary, &found) {
        case errSecSuccess:
            guard let data = found as? Data, let item = try? JSONDecoder().decode(Item.self, from: data) else { throw SecretError.Lost }
            return item
        case errSecItemNotFound: return nil
        default: throw SecretError.Unavailable  // also errSecInteractionNotAllowed: not unlocked since the start
        }
    }

    private func query(_ purpose: String) -> [CFString: Any] {
        [
            kSecClass: kSecClassGenericPassword, kSecAttrService: Self.service, kSecAttrAccount: purpose,
            kSecAttrSynchronizable: false, kSecUseDataProtectionKeychain: true,
        ]
    }
}
#endif
