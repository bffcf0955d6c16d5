package org.tabara.app

import org.tabara.core.MemorySecret
import java.io.File

/** The app with a double for the phone's key store only: Robolectric has no AndroidKeyStore. All else is real. */
class TestApp : TabaraApp() {
    private val secret = MemorySecret()

    override fun deviceSecret() = secret

    /** As after a reset of the phone's lock. */
    fun loseSecrets() = secret.keys.clear()

    /** As after the end of the process: what was in memory is gone, files and key store stay. */
    fun restart() {
        session.close()
        session = AppSession(File(filesDir, "focal-point"), secret)
    }
}
