package org.tabara.app

import android.content.Intent
import android.content.res.Resources
import android.net.Uri
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import org.tabara.app.Place.Where
import org.tabara.core.SyncReport
import java.text.DateFormat
import java.util.Date

/** Where no network reaches: what waits leaves as a sealed file, and a file brings receipts, catalog and questionnaires. */
class CourierScreen(host: MainActivity) : Screen(host, Place(Where.COURIER), R.layout.courier) {
    override val title: String get() = host.getString(R.string.courier_title)

    override fun open() {
        click(R.id.return_to) { back() }
        click(R.id.bundle) { saveBundle() }
        click(R.id.parcel) { takeParcel() }
        click(R.id.carry) { carry() }
    }

    override fun back() = host.go(Place(Where.RECORDS))

    private fun saveBundle() = act(R.id.bundle) {
        val bundle = app.core { bundle() }
        if (bundle == null) say(R.string.nothing_waits) else if (save("tabara.bundle", bundle)) say(R.string.bundle_saved)
    }

    private fun takeParcel() = act(R.id.parcel) {
        val parcel = read() ?: return@act
        val done = app.core { takeParcel(parcel) }
        val lasting = lastingTexts(host.resources, done.standing, done.catalogExpired, done.evidence, done.setBack)
        text(R.id.courier_state, (listOf(reportText(host.resources, done)) + lasting).joinToString("\n"))
    }

    private fun carry() = act(R.id.carry) {
        val bundle = read() ?: return@act
        say(R.string.contacting)
        val parcel = app.carry(bundle)
        if (save("tabara.parcel", parcel)) say(R.string.parcel_saved)
    }

    private fun say(words: Int) = text(R.id.courier_state, host.getString(words))

    private suspend fun read(): ByteArray? {
        val from = host.choose(document(Intent.ACTION_OPEN_DOCUMENT)) ?: return null
        return withContext(Dispatchers.IO) { host.contentResolver.openInputStream(from)?.use { it.readBytes() } }
    }

    private suspend fun save(name: String, bytes: ByteArray): Boolean {
        val to: Uri = host.choose(document(Intent.ACTION_CREATE_DOCUMENT).putExtra(Intent.EXTRA_TITLE, name)) ?: return false
        return withContext(Dispatchers.IO) { host.contentResolver.openOutputStream(to)?.use { it.write(bytes) } != null }
    }

    private fun document(action: String) = Intent(action).addCategory(Intent.CATEGORY_OPENABLE).setType("application/octet-stream")
}

/** What a sync or a parcel did, line by line. */
fun reportText(words: Resources, done: SyncReport): String {
    val arrived = (done.accepted + done.alreadyHad).toInt()
    val lookedAt = done.quarantined.toInt()
    val refused = done.refused.toInt()
    return listOfNotNull(
        if (done.cancelled) words.getString(R.string.sync_cancelled) else null,
        if (arrived > 0) words.getQuantityString(R.plurals.sync_sent, arrived, arrived) else null,
        if (lookedAt > 0) words.getQuantityString(R.plurals.sync_looked_at, lookedAt, lookedAt) else null,
        if (refused > 0) words.getQuantityString(R.plurals.sync_refused, refused, refused) else null,
        done.catalogFault?.let { words.getString(R.string.sync_catalog_fault, words.getString(untrustedReason(it))) },
        if (done.restored) words.getString(R.string.sync_restored) else null,
        done.later?.let { laterText(words, it) },
    ).ifEmpty { listOf(words.getString(R.string.sync_nothing)) }.joinToString("\n")
}

/** The server asks to send the rest after this moment, seconds since 1970. */
fun laterText(words: Resources, later: Long): String =
    words.getString(R.string.sync_later, DateFormat.getDateTimeInstance(DateFormat.SHORT, DateFormat.SHORT).format(Date(later * 1000)))
