package org.tabara.app

import android.view.View
import android.widget.Button
import android.widget.LinearLayout
import android.widget.TextView
import kotlinx.coroutines.CancellationException
import org.tabara.core.TabaraException

/** Where the focal point is. It goes into the saved state, so it names nobody: a screen, and the random id of a draft. */
data class Place(val where: Where, val draft: String? = null) {
    enum class Where { ENROL, UNLOCK, HOME, INTERVIEW, RESULT, STOPPED, RECORDS, WITHDRAW, COURIER }
}

/** One screen inside [MainActivity]: binds a layout to calls of the core. */
abstract class Screen(protected val host: MainActivity, val place: Place, val layout: Int) {
    protected val app get() = host.app

    /** The text of the bar. */
    open val title: String get() = host.getString(R.string.app_name)

    /** The layout is on the screen: bind it and load what it shows. */
    abstract fun open()

    /** The screen goes into the background or away: hand over what was typed. */
    open fun leave() {}

    /** The back key. */
    open fun back() = host.go(Place(Place.Where.HOME))

    /** A call of the core failed: tells it on the screen. */
    open fun fail(why: TabaraException) = tell(troubleText(host.resources, why))

    /** A view of this screen. What still runs for a screen that was left ends here: the views on show are another's. */
    protected fun <T : View> view(id: Int): T {
        if (host.screen !== this) throw CancellationException("the screen was left")
        return host.view(id)
    }

    protected fun text(id: Int, value: CharSequence) {
        view<TextView>(id).text = value
    }

    protected fun show(id: Int, shown: Boolean) {
        view<View>(id).visibility = if (shown) View.VISIBLE else View.GONE
    }

    protected fun click(id: Int, action: () -> Unit) = view<View>(id).setOnClickListener { action() }

    protected fun tell(message: CharSequence?) {
        text(R.id.trouble, message ?: "")
        show(R.id.trouble, message != null)
    }

    /** Runs what a tap asks of the core; the button rests meanwhile, and a failure is told. */
    protected fun act(button: Int? = null, action: suspend () -> Unit) {
        val pressed = button?.let { view<View>(it) }
        pressed?.isEnabled = false
        tell(null)
        host.act({ pressed?.isEnabled = true }, action)
    }

    /** Loads what the screen shows; what it told before stays. */
    protected fun load(action: suspend () -> Unit) = host.act(action = action)

    /** A button in a list. */
    protected fun row(into: LinearLayout, label: CharSequence, action: () -> Unit) = Button(host, null, 0, R.style.Action_Second).apply {
        text = label
        textAlignment = View.TEXT_ALIGNMENT_VIEW_START
        setOnClickListener { action() }
        into.addView(this, host.below(8))
    }

    /** A paragraph in a list. */
    protected fun paragraph(into: LinearLayout, words: CharSequence, style: Int = R.style.Text) = TextView(host, null, 0, style).apply {
        text = words
        into.addView(this, host.below(8))
    }
}
