package org.tabara.app

import android.app.Application
import org.tabara.core.DeviceSecret
import org.tabara.core.KeystoreSecret
import java.io.File

/** Holds the [AppSession], which outlives every screen. */
open class TabaraApp : Application() {
    lateinit var session: AppSession
        protected set

    override fun onCreate() {
        super.onCreate()
        session = AppSession(File(filesDir, "focal-point"), deviceSecret())
    }

    /** Where the phone keeps its secret. Tests give a double: Robolectric has no AndroidKeyStore. */
    protected open fun deviceSecret(): DeviceSecret = KeystoreSecret(this)
}
