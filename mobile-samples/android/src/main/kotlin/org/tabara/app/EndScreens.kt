package org.tabara.app

import android.app.AlertDialog
import android.widget.Button
import android.widget.LinearLayout
import org.tabara.app.Place.Where
import org.tabara.core.ScreeningResult
import org.tabara.core.TabaraException

/** The end of an interview: what the screening says and advises; then it is sealed, and the codes for the slip are shown. */
class ResultScreen(host: MainActivity, place: Place) : Screen(host, place, R.layout.result) {
    private val draft = place.draft!!

    override val title: String get() = host.getString(R.string.result_title)

    override fun open() {
        val sealed = app.sealed
        if (sealed?.draft == draft) return show(sealed)
        act { judged(app.interview(draft) { screeningResult() }) }
    }

    override fun back() = host.go(if (app.sealed?.draft == draft) Place(Where.HOME) else Place(Where.INTERVIEW, draft))

    private fun judged(result: ScreeningResult) {
        say(result)
        if (result.recordable) paragraph(view(R.id.advice), host.getString(R.string.seal_explain), R.style.Text_Quiet)
        button(R.id.finish, if (result.recordable) R.string.seal else R.string.erase) { seal(null) }
        if (result.raiseReasons.isNotEmpty()) button(R.id.raise, R.string.raise) { raise(result) }
        button(R.id.return_to, R.string.return_to_answers) { back() }
    }

    private fun raise(result: ScreeningResult) = host.shown(
        AlertDialog.Builder(host).setTitle(R.string.raise_why)
            .setItems(result.raiseReasons.map { it.label }.toTypedArray()) { _, at -> seal(result.raiseReasons[at].code) }
            .setNegativeButton(R.string.cancel, null).create(),
    )

    private fun seal(reason: String?) = act(R.id.finish) {
        show(Sealed(draft, app.interview(draft) { finish(reason) }, hushed = false).also { app.sealed = it })
    }

    override fun fail(why: TabaraException) = when (why) {
        // without consent finishing erases the answers: that is the end, not a failure
        is TabaraException.NoConsent -> close()
        // sealed just before the app was ended: the code is in the list of records
        is TabaraException.NotFound -> host.go(Place(Where.RECORDS))
        else -> super.fail(why)
    }

    private fun show(sealed: Sealed) {
        val finished = sealed.finished
        say(if (sealed.hushed) finished.result.copy(advice = emptyList()) else finished.result)
        show(R.id.outcome_heading, !sealed.hushed)
        show(R.id.outcome, !sealed.hushed)
        paragraph(view(R.id.advice), host.getString(R.string.sealed), R.style.Text_Quiet)
        show(R.id.slip, finished.code != null)
        text(R.id.slip_explain, host.getString(R.string.slip_explain))
        text(R.id.code, finished.code?.let(::spaced) ?: "")
        text(R.id.undo_explain, host.getString(R.string.undo_explain))
        text(R.id.undo, finished.undo?.let(::spaced) ?: "")
        show(R.id.raise, false)
        show(R.id.return_to, false)
        button(R.id.finish, R.string.written_down) { close() }
    }

    private fun close() {
        app.sealed = null
        host.go(Place(Where.HOME))
    }

    private fun say(result: ScreeningResult) {
        text(R.id.outcome_heading, host.getString(R.string.outcome))
        text(R.id.outcome, result.outcome.label)
        val urgent = view<LinearLayout>(R.id.urgent).apply { removeAllViews() }
        show(R.id.urgent, result.urgent.isNotEmpty())
        result.urgent.forEach { paragraph(urgent, it.label, R.style.Text_Urgent) }
        val advice = view<LinearLayout>(R.id.advice).apply { removeAllViews() }
        result.advice.forEach { paragraph(advice, it.label) }
    }

    private fun button(id: Int, label: Int, action: () -> Unit) {
        view<Button>(id).setText(label)
        show(id, true)
        click(id, action)
    }
}

/** The safe screen after *stop*: nothing of the interview is in sight. A slip of the finger can be taken back. */
class StoppedScreen(host: MainActivity, place: Place) : Screen(host, place, R.layout.stopped) {
    private val draft = place.draft!!

    override val title: String get() = host.getString(R.string.stopped_title)

    override fun open() {
        click(R.id.finish) { finish() }
        click(R.id.return_to) { host.go(Place(Where.INTERVIEW, draft)) }
    }

    /** What was agreed to is kept and judged as far as it goes; without consent nothing is. */
    private fun finish() = act(R.id.finish) {
        val finished = app.interview(draft) {
            stop()
            finish(null)
        }
        app.sealed = Sealed(draft, finished, hushed = true)
        host.go(Place(Where.RESULT, draft))
    }

    override fun fail(why: TabaraException) = if (why is TabaraException.NoConsent) host.go(Place(Where.HOME)) else super.fail(why)
}
