package org.tabara.app

import android.app.Application
import org.tabara.core.DeviceSecret
import java.io.File

/** Holds the [Desk], which outlives every screen. */
open class TabaraApp : Application() {
    lateinit var desk: Desk
        protected set

    override fun onCreate() {
        super.onCreate()
        desk = Desk(File(filesDir, "focal-point"), deviceSecret())
    }

    /** Where the phone keeps its secret. Tests give a double: Robolectric has no AndroidKeyStore. */
    protected open fun deviceSecret(): DeviceSecret = KeystoreSecret()
}
