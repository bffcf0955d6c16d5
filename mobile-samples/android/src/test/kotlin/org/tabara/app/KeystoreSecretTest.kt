package org.tabara.app

import android.app.Application
import android.content.pm.PackageManager
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.StrongBoxUnavailableException
import org.junit.After
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.tabara.core.KeystoreSecret
import org.tabara.core.SecretException
import java.io.InputStream
import java.io.OutputStream
import java.security.Key
import java.security.KeyStoreSpi
import java.security.Provider
import java.security.ProviderException
import java.security.SecureRandom
import java.security.Security
import java.security.cert.Certificate
import java.security.spec.AlgorithmParameterSpec
import java.util.Collections
import java.util.Date
import java.util.Enumeration
import javax.crypto.KeyGeneratorSpi
import javax.crypto.SecretKey
import javax.crypto.spec.SecretKeySpec
import kotlin.random.Random

/** The AAR's `DeviceSecret` on a double of Android's key store, which Robolectric has not. */
@RunWith(RobolectricTestRunner::class)
@Config(application = Application::class)
class KeystoreSecretTest {
    private val phone = KeyStoreDouble()
    private val context get() = RuntimeEnvironment.getApplication()

    @Before
    fun install() {
        Security.insertProviderAt(phone, 1)
    }

    @After
    fun remove() = Security.removeProvider(phone.name)

    private fun withStrongBox() = shadowOf(context.packageManager).setSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE, true)

    @Test
    fun `each purpose of each folder has a key of its own, and forgetting one touches no other`() {
        val secret = KeystoreSecret(context)
        val first = secret.derive("folder-a.vault.1", byteArrayOf(1))
        assertEquals(32, first.size)
        assertArrayEquals(first, secret.derive("folder-a.vault.1", byteArrayOf(1)))
        val other = secret.derive("folder-b.vault.1", byteArrayOf(1))
        assertFalse(first.contentEquals(other))
        assertEquals(setOf("tabara.folder-a.vault.1", "tabara.folder-b.vault.1"), phone.made.keys)
        secret.forget("folder-a.vault.1")
        secret.forget("folder-a.never.there")
        assertArrayEquals(other, secret.derive("folder-b.vault.1", byteArrayOf(1)))
        assertFalse(first.contentEquals(secret.derive("folder-a.vault.1", byteArrayOf(1))))
    }

    @Test
    fun `keys go into the StrongBox where there is one`() {
        KeystoreSecret(context).derive("a.vault.1", byteArrayOf())
        assertEquals(listOf(false), phone.asked)
        withStrongBox()
        KeystoreSecret(context).derive("b.vault.1", byteArrayOf())
        assertEquals(listOf(false, true), phone.asked)
    }

    @Test
    fun `a StrongBox that is full leaves the key to the other secure hardware`() {
        withStrongBox()
        phone.strongBoxIsFull = true
        assertEquals(32, KeystoreSecret(context).derive("a.vault.1", byteArrayOf()).size)
        assertEquals(listOf(true, false), phone.asked)
    }

    @Test
    fun `a key store that throws is not available now`() {
        phone.fails = true
        assertThrows(SecretException.Unavailable::class.java) { KeystoreSecret(context).derive("a.vault.1", byteArrayOf()) }
        phone.fails = false
        assertTrue(KeystoreSecret(context).derive("a.vault.1", byteArrayOf()).isNotEmpty())
    }
}

private class KeyStoreDouble : Provider("AndroidKeyStore", "1", "a double") {
    val made = HashMap<String, Key>()

    /** For each key that was asked for, whether it should be in the StrongBox. */
    val asked = mutableListOf<Boolean>()
    var strongBoxIsFull = false
    var fails = false

    init {
        putService(Of("KeyStore", "AndroidKeyStore") { Store() })
        putService(Of("KeyGenerator", "HmacSHA256") { Generator() })
    }

    private inner class Of(type: String, algorithm: String, val make: () -> Any) :
        Service(this, type, algorithm, "a.double", null, null) {
        override fun newInstance(parameter: Any?) = make()
    }

    private inner class Generator : KeyGeneratorSpi() {
        private lateinit var wanted: KeyGenParameterSpec

        override fun engineInit(random: SecureRandom) = throw UnsupportedOperationException()

        override fun engineInit(size: Int, random: SecureRandom) = throw UnsupportedOperationException()

        override fun engineInit(parameters: AlgorithmParameterSpec, random: SecureRandom?) {
            wanted = parameters as KeyGenParameterSpec
        }

        override fun engineGenerateKey(): SecretKey {
            asked += wanted.isStrongBoxBacked
            if (wanted.isStrongBoxBacked && strongBoxIsFull) throw StrongBoxUnavailableException()
            return SecretKeySpec(Random.nextBytes(32), "HmacSHA256").also { made[wanted.keystoreAlias] = it }
        }
    }

    private inner class Store : KeyStoreSpi() {
        override fun engineGetKey(alias: String, password: CharArray?): Key? = if (fails) throw ProviderException("a daemon") else made[alias]

        override fun engineDeleteEntry(alias: String) {
            made.remove(alias)
        }

        override fun engineLoad(stream: InputStream?, password: CharArray?) = Unit

        override fun engineContainsAlias(alias: String) = alias in made

        override fun engineAliases(): Enumeration<String> = Collections.enumeration(made.keys)

        override fun engineSize() = made.size

        override fun engineIsKeyEntry(alias: String) = alias in made

        override fun engineIsCertificateEntry(alias: String) = false

        override fun engineGetCertificateChain(alias: String): Array<Certificate>? = null

        override fun engineGetCertificate(alias: String): Certificate? = null

        override fun engineGetCertificateAlias(certificate: Certificate): String? = null

        override fun engineGetCreationDate(alias: String): Date? = null

        override fun engineSetKeyEntry(alias: String, key: Key, password: CharArray?, chain: Array<Certificate>?) = Unit

        override fun engineSetKeyEntry(alias: String, key: ByteArray, chain: Array<Certificate>?) = Unit

        override fun engineSetCertificateEntry(alias: String, certificate: Certificate) = Unit

        override fun engineStore(stream: OutputStream?, password: CharArray?) = Unit
    }
}
