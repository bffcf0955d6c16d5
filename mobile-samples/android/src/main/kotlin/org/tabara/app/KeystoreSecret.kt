package org.tabara.app

import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import org.tabara.core.DeviceSecret
import org.tabara.core.SecretException
import java.security.GeneralSecurityException
import java.security.InvalidKeyException
import java.security.KeyStore
import java.security.UnrecoverableKeyException
import javax.crypto.KeyGenerator
import javax.crypto.Mac

/**
 * The phone's secret: HMAC-SHA256 inside Android's key store, one alias for each purpose. The key never leaves the secure
 * hardware; only what it makes of an input does. It needs no fingerprint and no unlocked screen, so that records can be
 * sent while the phone lies in a pocket; what guards the answers is the PIN on top of it.
 *
 * A missing alias is made anew: the core notices by its key file that the secret is another one, and says `KeyStoreLost`.
 */
class KeystoreSecret : DeviceSecret {
    private val store by lazy { KeyStore.getInstance(PROVIDER).apply { load(null) } }

    override fun derive(purpose: String, input: ByteArray): ByteArray = guarded {
        val key = store.getKey(alias(purpose), null) ?: generate(alias(purpose))
        Mac.getInstance("HmacSHA256").run {
            init(key)
            doFinal(input)
        }
    }

    override fun forget(purpose: String) = guarded { store.deleteEntry(alias(purpose)) }

    private fun generate(alias: String) = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_HMAC_SHA256, PROVIDER).run {
        init(KeyGenParameterSpec.Builder(alias, KeyProperties.PURPOSE_SIGN).build())
        generateKey()
    }

    /** Every failure as one of the two that the core knows; texts of the platform stay here. */
    private fun <T> guarded(work: () -> T): T = try {
        work()
    } catch (_: UnrecoverableKeyException) {
        throw SecretException.Lost()
    } catch (_: InvalidKeyException) { // also KeyPermanentlyInvalidatedException
        throw SecretException.Lost()
    } catch (_: GeneralSecurityException) {
        throw SecretException.Unavailable()
    } catch (_: RuntimeException) { // the key store's daemon fails with ProviderException and the like
        throw SecretException.Unavailable()
    }

    private fun alias(purpose: String) = "tabara.$purpose"

    private companion object {
        const val PROVIDER = "AndroidKeyStore"
    }
}
