package org.tabara.app

import android.os.SystemClock
import android.text.format.DateFormat
import android.widget.EditText
import org.tabara.app.Place.Where
import org.tabara.core.State
import org.tabara.core.TabaraException
import org.tabara.core.readCard
import java.util.Date

/** Enrolment by the text of a card: what it says is shown before it is used; then a PIN is chosen. */
class EnrolScreen(host: MainActivity) : Screen(host, Place(Where.ENROL), R.layout.enrol) {
    private val card get() = view<EditText>(R.id.card_text).text.toString()

    override val title: String get() = host.getString(R.string.enrol_title)

    override fun open() {
        click(R.id.check_card) { check() }
        click(R.id.enrol) { enrol() }
    }

    override fun back() = host.finish()

    private fun check() {
        show(R.id.preview, false)
        show(R.id.pins, false)
        act(R.id.check_card) {
            val says = app.core { readCard(card) }
            val until = DateFormat.getMediumDateFormat(host).format(Date(says.expires * 1000))
            text(R.id.card_facts, host.getString(R.string.card_facts, says.organisation, says.commune, until, says.server))
            val pin = says.certificate?.let { "\n\n" + host.getString(R.string.card_certificate, it) } ?: ""
            text(R.id.fingerprint, says.fingerprint + pin)
            show(R.id.preview, true)
            show(R.id.pins, true)
        }
    }

    private fun enrol() {
        val pin = view<EditText>(R.id.pin).text.toString()
        if (pin != view<EditText>(R.id.pin_again).text.toString()) return tell(host.getString(R.string.pin_differs))
        show(R.id.busy, true)
        val text = card
        act(R.id.enrol) {
            try {
                app.core { enrol(text, pin) }
            } finally {
                show(R.id.busy, false)
            }
            app.startSync() // fetches the questionnaires
            host.go(Place(Where.HOME))
        }
    }
}

/** Asks for the PIN, then goes on to where the focal point was. */
class UnlockScreen(host: MainActivity, val then: Place) : Screen(host, Place(Where.UNLOCK), R.layout.unlock) {
    private var notBefore = 0L

    override val title: String get() = host.getString(R.string.unlock_title)

    override fun open() {
        click(R.id.unlock) { unlock() }
        click(R.id.new_card) {
            act {
                app.lock() // a card is taken while locked only
                host.go(Place(Where.ENROL))
            }
        }
        view<EditText>(R.id.pin).setOnEditorActionListener { _, _, _ -> unlock().let { true } }
        load {
            when (val state = app.core { state() }) {
                is State.Unlocked -> host.go(then) // a rotation came while the PIN was tried
                is State.NotEnrolled -> host.go(Place(Where.ENROL))
                is State.Locked -> waitFor(state.retryAfter.toMillis())
                is State.VaultDestroyed -> onlyNewCard(destroyedText(host.resources, state.reason))
                is State.KeyStoreLost -> onlyNewCard(host.getString(R.string.trouble_key_store_lost))
                is State.Damaged -> onlyNewCard(damagedText(host.resources, state.file))
            }
        }
    }

    override fun back() = host.finish()

    private fun unlock() {
        val field = view<EditText>(R.id.pin)
        val pin = field.text.toString()
        if (pin.isEmpty() || SystemClock.elapsedRealtime() < notBefore) return
        show(R.id.busy, true)
        act(R.id.unlock) {
            try {
                app.core { unlock(pin) }
            } finally {
                show(R.id.busy, false)
                field.text.clear()
            }
            host.go(then)
        }
    }

    override fun fail(why: TabaraException) = when (why) {
        is TabaraException.WrongPin -> waitFor(why.retryAfter.toMillis()).also { super.fail(why) }
        is TabaraException.TooSoon -> waitFor(why.retryAfter.toMillis()).also { super.fail(why) }
        // the only way on from here: ask the coordinator, who may give a new card
        is TabaraException.KeyStoreLost, is TabaraException.VaultDestroyed, is TabaraException.Damaged ->
            onlyNewCard(troubleText(host.resources, why))
        else -> super.fail(why)
    }

    private fun waitFor(milliseconds: Long) {
        notBefore = SystemClock.elapsedRealtime() + milliseconds
    }

    private fun onlyNewCard(why: String) {
        show(R.id.pin_entry, false)
        show(R.id.new_card, true)
        tell(why)
    }
}
