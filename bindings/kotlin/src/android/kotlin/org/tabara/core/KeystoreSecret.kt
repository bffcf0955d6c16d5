package org.tabara.core

import android.content.Context
import android.content.pm.PackageManager
import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import android.security.keystore.StrongBoxUnavailableException
import java.security.GeneralSecurityException
import java.security.InvalidKeyException
import java.security.KeyStore
import java.security.UnrecoverableKeyException
import javax.crypto.KeyGenerator
import javax.crypto.Mac
import javax.crypto.SecretKey

/**
 * The phone's secret: HMAC-SHA256 inside Android's key store, one alias for each purpose, in the StrongBox where there is one.
 * The key never leaves the secure hardware; only what it makes of an input does. It needs no fingerprint and no unlocked
 * screen, so that records can be sent while the phone lies in a pocket; what guards the answers is the PIN on top of it.
 *
 * A purpose begins with the random id of its folder, and so does the alias: several people share one phone, and one object of
 * this class. A missing alias is made anew: the core notices by its key file that the secret is another one, and says
 * `KeyStoreLost`. A key stays where it was made; only new ones go into a StrongBox.
 */
class KeystoreSecret(context: Context) : DeviceSecret {
    private val hasStrongBox = Build.VERSION.SDK_INT >= Build.VERSION_CODES.P &&
        context.packageManager.hasSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE)
    private val store by lazy { KeyStore.getInstance(PROVIDER).apply { load(null) } }

    override fun derive(purpose: String, input: ByteArray): ByteArray = guarded {
        val key = store.getKey(alias(purpose), null) ?: generate(alias(purpose))
        Mac.getInstance("HmacSHA256").run {
            init(key)
            doFinal(input)
        }
    }

    override fun forget(purpose: String) = guarded { store.deleteEntry(alias(purpose)) }

    /** A StrongBox that is full, or cannot do it, leaves the key to the phone's other secure hardware. */
    private fun generate(alias: String): SecretKey {
        if (hasStrongBox) {
            try {
                return generate(alias, strongBox = true)
            } catch (_: StrongBoxUnavailableException) {
            }
        }
        return generate(alias, strongBox = false)
    }

    private fun generate(alias: String, strongBox: Boolean): SecretKey {
        val wanted = KeyGenParameterSpec.Builder(alias, KeyProperties.PURPOSE_SIGN)
        if (strongBox) wanted.setIsStrongBoxBacked(true)
        return KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_HMAC_SHA256, PROVIDER).run {
            init(wanted.build())
            generateKey()
        }
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
