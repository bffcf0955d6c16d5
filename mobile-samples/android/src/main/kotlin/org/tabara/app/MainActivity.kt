package org.tabara.app

import android.app.Activity
import android.app.AlertDialog
import android.app.Dialog
import android.content.Intent
import android.content.res.Configuration
import android.content.res.Resources
import android.net.Uri
import android.os.Bundle
import android.os.Handler
import android.os.Looper
import android.os.SystemClock
import android.view.View
import android.view.WindowManager
import android.widget.Button
import android.widget.FrameLayout
import android.widget.LinearLayout
import android.widget.TextView
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import org.tabara.core.State
import org.tabara.core.TabaraException
import org.tabara.app.Place.Where
import java.util.Locale

/**
 * The only activity: a bar with the way out, and one [Screen] below it. It keeps the place over rotation and the end of the
 * process, locks when nobody touches it, and is never in a screenshot or in the list of recent apps.
 */
class MainActivity : Activity() {
    val app get() = (application as TabaraApp).session
    lateinit var screen: Screen
        private set
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Main.immediate)
    private val timer = Handler(Looper.getMainLooper())
    private val lockSoon = Runnable { lock() }
    private var touched = 0L

    /** Milliseconds without a touch, after which the vault is locked; the policy that came with the last sync says how many. */
    private var lockAfter = 120_000L
    private var following: Job? = null
    private var open: Dialog? = null
    private var chosen: CompletableDeferred<Uri?>? = null

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        window.setFlags(WindowManager.LayoutParams.FLAG_SECURE, WindowManager.LayoutParams.FLAG_SECURE)
        setContentView(R.layout.frame)
        view<Button>(R.id.quick_exit).setOnClickListener { quickExit() }
        val where = state?.getString(WHERE)?.let(Where::valueOf) ?: Where.HOME
        go(Place(where, state?.getString(DRAFT)))
        touched = SystemClock.elapsedRealtime()
    }

    override fun onSaveInstanceState(state: Bundle) {
        super.onSaveInstanceState(state)
        val place = (screen as? UnlockScreen)?.then ?: screen.place
        state.putString(WHERE, place.where.name)
        state.putString(DRAFT, place.draft)
    }

    override fun onStart() {
        super.onStart()
        if (SystemClock.elapsedRealtime() - touched > lockAfter) lock() else onUserInteraction()
    }

    private fun askLockTime() = scope.launch {
        try {
            lockAfter = app.core { lockAfter() }.toMillis()
        } catch (_: TabaraException) {
            // the screen meets the same and says so
        }
    }

    override fun onPause() {
        screen.leave()
        super.onPause()
    }

    override fun onDestroy() {
        timer.removeCallbacks(lockSoon)
        open?.dismiss()
        scope.cancel()
        super.onDestroy()
    }

    /** Every touch puts the lock off. In the background the timer goes on. */
    override fun onUserInteraction() {
        touched = SystemClock.elapsedRealtime()
        timer.removeCallbacks(lockSoon)
        timer.postDelayed(lockSoon, lockAfter)
    }

    @Deprecated("The callback that replaces it needs Android 13")
    override fun onBackPressed() = screen.back()

    /** Shows a place; the core decides whether it may be shown: without a card or a PIN another screen comes first. */
    fun go(place: Place) {
        if (place.where == Where.HOME) askLockTime()
        screen = when (place.where) {
            Where.ENROL -> EnrolScreen(this)
            Where.UNLOCK -> UnlockScreen(this, Place(Where.HOME))
            Where.HOME -> HomeScreen(this)
            Where.INTERVIEW -> InterviewScreen(this, place)
            Where.RESULT -> ResultScreen(this, place)
            Where.STOPPED -> StoppedScreen(this, place)
            Where.RECORDS -> RecordsScreen(this)
            Where.WITHDRAW -> WithdrawScreen(this)
            Where.COURIER -> CourierScreen(this)
        }
        draw()
    }

    private fun draw() {
        following?.cancel()
        open?.dismiss()
        val frame = view<FrameLayout>(R.id.screen)
        frame.removeAllViews()
        layoutInflater.inflate(screen.layout, frame)
        view<View>(R.id.language).visibility = View.GONE
        view<TextView>(R.id.title).text = screen.title
        screen.open()
    }

    /** Runs calls of the core for the screen; a lock, or no enrolment, leads to the screen that mends it. */
    fun act(after: () -> Unit = {}, action: suspend () -> Unit) {
        val asked = screen
        scope.launch {
            try {
                action()
            } catch (why: TabaraException) {
                if (asked === screen) troubled(why)
            } finally {
                after()
            }
        }
    }

    private fun troubled(why: TabaraException) = when (why) {
        is TabaraException.Locked -> showUnlock()
        is TabaraException.KeyStoreLost, is TabaraException.VaultDestroyed, is TabaraException.Damaged -> lost(why)
        is TabaraException.NotEnrolled -> go(Place(Where.ENROL))
        else -> screen.fail(why)
    }

    /** Where the whole phone is lost, the screen before the PIN offers a new card. */
    private fun lost(why: TabaraException) {
        scope.launch {
            val state = runCatching { app.core { state() } }.getOrNull()
            if (screen is UnlockScreen || state is State.Unlocked) screen.fail(why) else showUnlock()
        }
    }

    private fun showUnlock() {
        screen = UnlockScreen(this, screen.place)
        draw()
    }

    /** Locks and asks for the PIN; what was typed is saved before. */
    fun lock() {
        screen.leave()
        act {
            app.lock()
            if (app.core { state() } !is State.NotEnrolled && screen !is UnlockScreen) showUnlock()
        }
    }

    /**
     * The way out when somebody comes: the phone's own first screen at once, whatever the core is busy with; then locked and gone,
     * and not in the list of recent apps.
     */
    private fun quickExit() {
        startActivity(Intent(Intent.ACTION_MAIN).addCategory(Intent.CATEGORY_HOME).addFlags(Intent.FLAG_ACTIVITY_NEW_TASK))
        screen.leave()
        scope.launch {
            app.lock()
            finishAndRemoveTask()
        }
    }

    /** Follows something as long as this screen is the one that is shown. */
    fun whileShown(asked: Screen, follow: suspend () -> Unit) {
        if (asked === screen) following = scope.launch { follow() }
    }

    /** Shows a dialog; it is never in a screenshot either, and goes with the screen. */
    fun shown(dialog: AlertDialog) {
        dialog.window?.setFlags(WindowManager.LayoutParams.FLAG_SECURE, WindowManager.LayoutParams.FLAG_SECURE)
        open = dialog
        dialog.show()
    }

    /** Lets the focal point choose a file with the system's own screens; null if she chooses none. */
    suspend fun choose(file: Intent): Uri? {
        chosen?.complete(null)
        val next = CompletableDeferred<Uri?>().also { chosen = it }
        startActivityForResult(file, FILE)
        return next.await()
    }

    @Deprecated("The callback that replaces it is part of AndroidX")
    override fun onActivityResult(request: Int, result: Int, data: Intent?) {
        super.onActivityResult(request, result, data)
        if (request == FILE) chosen?.complete(data?.data.takeIf { result == RESULT_OK })
    }

    /** The full platform jar marks findViewById as nullable; the SDK's stub jar does not. */
    fun <T : View> view(id: Int): T = findViewById<T>(id)!!

    /** The app's words in the language of an interview. */
    fun words(language: String): Resources =
        createConfigurationContext(Configuration(resources.configuration).apply { setLocale(Locale.forLanguageTag(language)) }).resources

    fun below(margin: Int) = LinearLayout.LayoutParams(LinearLayout.LayoutParams.MATCH_PARENT, LinearLayout.LayoutParams.WRAP_CONTENT)
        .apply { topMargin = dp(margin) }

    fun dp(value: Int) = (value * resources.displayMetrics.density).toInt()

    private companion object {
        const val WHERE = "where"
        const val DRAFT = "draft"
        const val FILE = 1
    }
}
