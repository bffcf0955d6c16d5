package org.tabara.app

import android.app.AlertDialog
import android.widget.EditText
import org.tabara.app.Place.Where
import org.tabara.core.TabaraException

/** A person shows her slip and takes back what was recorded, here or on another phone. Nothing is asked but the codes. */
class WithdrawScreen(host: MainActivity) : Screen(host, Place(Where.WITHDRAW), R.layout.withdraw) {
    override val title: String get() = host.getString(R.string.withdraw_title)

    override fun open() {
        click(R.id.return_to) { back() }
        click(R.id.withdraw) { withdraw(typed(R.id.slip_code), typed(R.id.slip_secret)) }
    }

    override fun back() = host.go(Place(Where.RECORDS))

    private fun withdraw(code: String, secret: String) = act(R.id.withdraw) {
        app.core { withdrawSlip(code, secret.ifEmpty { null }) }
        val next = if (secret.isEmpty()) R.string.withdraw_waits else R.string.withdraw_done
        back()
        host.shown(AlertDialog.Builder(host).setMessage(next).setPositiveButton(R.string.ok, null).create())
    }

    override fun fail(why: TabaraException) =
        if (why is TabaraException.NotFound) tell(host.getString(R.string.withdraw_mistyped)) else super.fail(why)

    private fun typed(id: Int) = view<EditText>(id).text.toString().trim()
}
