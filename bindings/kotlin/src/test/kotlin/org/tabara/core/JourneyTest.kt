package org.tabara.core

import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertInstanceOf
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import kotlin.io.path.writeBytes

private const val PIN = "482913"
private const val FORM = "returnee_screening"

/** One screening from a phone to the server, and what can go wrong on the way. */
class JourneyTest {
    @TempDir
    lateinit var folder: Path
    private val secret = MemorySecret()

    private fun open() = FocalPoint.open(folder.toString(), secret)

    private fun enrolled() = open().apply {
        enrol(deployment.card(), PIN)
        runBlocking { sync(null) }
    }

    /** Page by page to the end, as a person would. */
    private fun FocalPoint.interviewed(answers: Map<String, String>, language: String = "en") = start(FORM, language).apply {
        var page = page()
        while (true) {
            for (question in page.questions) answers[question.path]?.let { page = answer(question.path, it) }
            if (page.last) return@apply
            page = next()
            assertFalse(page.refused)
        }
    }

    @Test
    fun `a screening reaches the server and only the case worker reads it`() {
        val phone = enrolled()
        val session = phone.interviewed(ANSWERS, "fr")
        assertEquals("Victime présumée", session.screeningResult().outcome.label)
        val finished = session.finish(null)
        assertEquals(1uL, phone.waiting().records)
        assertInstanceOf(RecordStatus.Waiting::class.java, phone.cases(0u).single().status)

        val events = runBlocking { phone.syncEvents().toList() }

        val steps = events.filterIsInstance<SyncEvent.At>().map { it.step }
        val report = (events.last() as SyncEvent.Done).report
        assertEquals(1u to 0u, report.accepted to report.refused)
        assertEquals(Standing.TRUSTED, report.standing)
        assertInstanceOf(Step.Contacting::class.java, steps.first())
        assertTrue(Step.Sending(1u, 1u) in steps)
        assertInstanceOf(RecordStatus.Kept::class.java, phone.cases(0u).single().status)
        val arrived = deployment.records()
        assertTrue("\"code\":\"${finished.code}\"" in arrived)
        assertTrue("\"c_name\":\"Espérance\"" in arrived)

        // with her slip she takes it back
        assertThrows<TabaraException.NotFound> { phone.withdrawSlip("23456", null) }
        phone.withdrawSlip(finished.code!!.lowercase(), finished.undo)
        assertTrue(phone.cases(0u).single().summary.withdrawn)
        assertEquals(1u, runBlocking { phone.sync(null) }.accepted)
    }

    @Test
    fun `the example of the README brings a record to the server`() {
        val finished = runBlocking { org.tabara.example.screening(folder.toString(), secret, deployment.card(), PIN) }
        assertTrue("\"code\":\"${finished.code}\"" in deployment.records())
    }

    @Test
    fun `an app killed in the middle goes on at the exact place`() {
        enrolled().use { phone ->
            phone.start(FORM, "en").use { session ->
                session.jump("s2_age")
                session.answer("s2_age", "22")
                session.setLanguage("fr")
            }
        }
        open().use { again ->
            assertInstanceOf(State.Locked::class.java, again.state())
            again.unlock(PIN)
            val page = again.resume(again.drafts().single().draft).page()
            assertEquals("Français (fr)" to "22", page.language to page.questions.first { it.path == "s2_age" }.value)
        }
    }

    @Test
    fun `a locked phone shows nothing and still sends`() {
        val phone = enrolled()
        phone.interviewed(ANSWERS).finish(null)
        val other = phone.start(FORM, "en")
        phone.lock()
        assertThrows<TabaraException.Locked> { other.page() }
        assertThrows<TabaraException.Locked> { phone.cases(0u) }
        assertEquals(1u, runBlocking { phone.sync(null) }.accepted)
        phone.unlock(PIN)
        assertTrue(other.page().first)
    }

    @Test
    fun `without consent nothing is recorded`() {
        val phone = enrolled()
        assertThrows<TabaraException.NoConsent> { phone.interviewed(mapOf("s3_c1" to "no")).finish(null) }
        assertEquals(0uL, phone.waiting().records)
    }

    @Test
    fun `wrong PINs are counted and slowed down`() {
        val phone = open()
        phone.enrol(deployment.card(), PIN)
        phone.lock()
        assertEquals(9u, assertThrows<TabaraException.WrongPin> { phone.unlock("000000") }.attemptsLeft)
        repeat(2) { assertThrows<TabaraException.WrongPin> { phone.unlock("000000") } }
        assertThrows<TabaraException.TooSoon> { phone.unlock(PIN) }
    }

    @Test
    fun `a key store that fails costs no attempt, and what it says stays with the app`() {
        val phone = open()
        phone.enrol(deployment.card(), PIN)
        phone.lock()
        secret.fails = SecretException.Unavailable()
        assertThrows<TabaraException.KeyStoreUnavailable> { phone.unlock(PIN) }
        secret.fails = IllegalStateException("a fault that names Espérance")
        val seen = assertThrows<TabaraException.Internal> { phone.unlock(PIN) }
        assertEquals(InternalReason.SecretException, seen.reason)
        assertFalse("Espérance" in seen.toString())
        secret.fails = null
        phone.unlock(PIN)
    }

    @Test
    fun `a sync can be dropped at any moment, and without a network everything waits`() {
        val phone = enrolled()
        phone.interviewed(ANSWERS).finish(null)
        runBlocking { launch { phone.sync(null) }.cancelAndJoin() }
        assertInstanceOf(SyncEvent.At::class.java, runBlocking { phone.syncEvents().first() })
        deployment.stop()
        assertEquals(OfflineReason.NO_NETWORK, assertThrows<TabaraException.Offline> { runBlocking { phone.sync(null) } }.reason)
        assertEquals(1uL, phone.waiting().records)
        deployment.start()
        assertEquals(1u, runBlocking { phone.sync(null) }.run { accepted + alreadyHad })
    }

    @Test
    fun `without a network a courier carries the records and brings their receipts`() {
        val phone = enrolled()
        phone.interviewed(ANSWERS).finish(null)
        val parcel = runBlocking { phone.carry(phone.bundle()!!) }
        assertEquals(1uL, phone.waiting().records)
        assertEquals(1u, phone.takeParcel(parcel).accepted)
        assertNull(phone.bundle())
    }

    @Test
    fun `a damaged mailbox is a state, and a new card keeps the files`() {
        enrolled().close()
        folder.resolve("mailbox.db").writeBytes(ByteArray(4096))
        val phone = open()
        assertEquals(State.Damaged(PhoneFile.MAILBOX), phone.state())
        phone.enrol(deployment.card(), PIN)
        assertInstanceOf(State.Unlocked::class.java, phone.state())
        assertTrue(folder.toFile().list()!!.any { it.endsWith("mailbox.db") && it.startsWith("aside-") })
    }

    @Test
    fun `a wiped key store is a state, and a new card leads out of it`() {
        enrolled().close()
        secret.keys.clear()
        val phone = open()
        assertInstanceOf(State.KeyStoreLost::class.java, phone.state())
        phone.enrol(deployment.card(), PIN)
        assertInstanceOf(State.Unlocked::class.java, phone.state())
        assertEquals(emptyList<Notice>(), phone.notices())
    }

    @Test
    fun `closing locks, and frees the folder that has one object at a time`() {
        val phone = enrolled()
        val session = phone.start(FORM, "en")
        assertThrows<TabaraException.InUse> { open() }
        phone.close()
        assertThrows<TabaraException.Locked> { session.answer("s2_age", "22") }
        open().use { assertInstanceOf(State.Locked::class.java, it.state()) }
    }

    @Test
    fun `a text that is no id is an error, and half an emoji too`() {
        val phone = enrolled()
        val wrong = assertThrows<TabaraException.NotFound> { phone.resume("not an id") }
        assertEquals(NotFoundItem.ID, wrong.what)
        val session = phone.interviewed(ANSWERS)
        session.answer("c_name", "Espérance \uD83D")
        assertEquals("Espérance ?", session.jump("c_name").questions.first { it.path == "c_name" }.value)
    }

    @Test
    fun `what a watcher throws does not end a sync`() {
        val phone = enrolled()
        phone.interviewed(ANSWERS).finish(null)
        val report = runBlocking {
            phone.sync(object : SyncProgress {
                override fun at(step: Step): Unit = throw IllegalStateException("a fault of the app")
            })
        }
        assertEquals(1u, report.accepted)
    }

    @Test
    fun `a text that is no card is refused`() {
        assertEquals(CardReason.UNREADABLE, assertThrows<TabaraException.Card> { readCard("TABARA1.not-a-card") }.reason)
        assertEquals("Kayanza", readCard(deployment.card()).commune)
    }

    companion object {
        val deployment = Deployment()

        @JvmStatic
        @AfterAll
        fun end() = deployment.close()
    }
}
