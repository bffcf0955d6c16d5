package org.tabara.app

import android.app.Activity
import android.content.Intent
import android.os.Bundle
import android.os.Looper
import android.os.Parcel
import android.view.WindowManager
import android.widget.EditText
import org.junit.AfterClass
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.robolectric.shadows.ShadowDialog
import org.tabara.core.ANSWERS
import org.tabara.core.CardReason
import org.tabara.core.Deployment
import org.tabara.core.TabaraException
import java.io.File
import java.time.Duration

private const val PIN = "482913"
private const val FORM = "Returnee screening"

/** The app on the real library and a real server, as a focal point uses it. */
@RunWith(RobolectricTestRunner::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
@Config(qualifiers = "en-w360dp-h640dp-xhdpi")
class JourneyTest {
    /** From the card to the server, with a screenshot of every kind of page. `t` gives an English text in the app's language. */
    private fun day(shots: String, saudi: String, t: (String) -> String) = app { app ->
        val a = app.get()
        a.await(t("Check the card"))
        a.type(R.id.card_text, "TABARA1.nothing")
        a.tap(t("Check the card"))
        a.await(t("The text of the card is incomplete"))
        a.shot("$shots-01-bad-card")
        a.type(R.id.card_text, deployment.card())
        a.tap(t("Check the card"))
        a.await("Kayanza")
        a.shot("$shots-02-card")
        a.type(R.id.pin, PIN)
        a.type(R.id.pin_again, PIN)
        a.tap(t("Use this card"))
        a.await(FORM)
        a.shot("$shots-03-home")
        a.tap(FORM)
        a.await(t("Safety"))

        val pages = mapOf(
            "s1_private" to "04-choices", "s1_province" to "05-place", "s2_age" to "06-number", "s3_c1" to "07-consent",
            "j_arranged" to "09-several", "j_start" to "10-month", "q_what" to "11-many", "c_name" to "12-text",
        )
        a.interview(ANSWERS + mapOf("s1_private" to "yes", "j_where" to saudi, "q_why" to "poverty")) { on ->
            pages.entries.find { it.key in on }?.let { a.shot("$shots-${it.value}") }
        }
        a.await(t("Presumed victim"))
        a.shot("$shots-13-result")
        a.tap(t("Finish and seal"))
        a.await(t("Write this code"))
        a.shot("$shots-14-slip")
        val code = a.findViewById<android.widget.TextView>(R.id.code)!!.text.toString()
        a.tap(t("Written down: close"))
        a.tap(t("Records (1 waiting)"))
        a.await(t("1 record waits to be sent"))
        a.shot("$shots-15-waiting")
        a.tap(t("Sync now"))
        a.await(t("1 record arrived."))
        a.await(t("Nothing waits to be sent"))
        a.shot("$shots-16-arrived")

        a.tap(t("A person takes back her words…"))
        a.await(t("Help does not depend on it"))
        a.type(R.id.slip_code, "23456")
        a.tap(t("Take back"))
        a.await(t("A code is mistyped"))
        a.shot("$shots-17-take-back")
        a.type(R.id.slip_code, code)
        a.tap(t("Take back"))
        a.await(t("withdrawn"))
        a.await(t("1 record waits to be sent"))
        a.shot("$shots-18-taken-back")
    }

    @Test
    fun `a day in English`() = day("en", "Saudi Arabia") { it }

    @Test
    @Config(qualifiers = "fr-w360dp-h640dp-xhdpi")
    fun `a day in French`() = day("fr", "Arabie saoudite") { FRENCH[it] ?: it }

    @Test
    @Config(qualifiers = "fr-w320dp-h480dp-night-hdpi")
    fun `large type on a small screen by night`() {
        RuntimeEnvironment.setFontScale(1.5f)
        day("small-night-fr", "Arabie saoudite") { FRENCH[it] ?: it }
    }

    @Test
    fun `an answer that breaks a rule is flagged in the author's words and holds the page`() = enrolled { app ->
        val a = app.begun("s2_age")
        a.answer("s2_age", "190")
        a.await("An age in years, 0 to 110.")
        a.shot("en-20-constraint")
        a.turn()
        assertTrue("s2_age" in a.questions())
        a.answer("s2_age", "19")
        a.awaitGone("An age in years, 0 to 110.")
        a.turn()
    }

    @Test
    fun `an answer that is missing is shown where it is missing`() = enrolled { app ->
        val a = app.begun("s3_c1")
        a.turn()
        a.await("An answer is still needed here")
        a.shot("en-21-missing")
        assertTrue("s3_c1" in a.questions())
    }

    @Test
    fun `the language changes in the middle and the answers stay`() = enrolled { app ->
        val a = app.begun("s2_age")
        a.answer("s2_age", "22")
        a.answer("s2_age_unsure", "no")
        a.tap("EN ▾")
        (ShadowDialog.getLatestDialog() as android.app.AlertDialog).listView!!.performItemClick(null, 1, 1)
        a.await("Âge (ou estimation)")
        a.await("Suivant")
        assertEquals("22", a.field("s2_age").text.toString())
    }

    @Test
    fun `a rotation keeps the page, and what was typed a moment ago`() = enrolled { app ->
        app.begun("s2_age").answer("s2_age", "22")
        app.recreate()
        waitFor({ app.get().words() }) { "s2_age" in app.get().questions() }
        assertEquals("22", app.get().field("s2_age").text.toString())
    }

    @Test
    fun `after the end of the process the PIN leads back to the exact place`() = enrolled { app ->
        app.begun("s2_age").answer("s2_age", "22")
        val state = Bundle()
        app.pause().saveInstanceState(state).stop().destroy()
        settle()
        (RuntimeEnvironment.getApplication() as TestApp).restart()
        assertFalse("22" in state.bytes() || "s2_age" in state.bytes())

        Robolectric.buildActivity(MainActivity::class.java).setup(state).use { again ->
            val a = again.get()
            a.await("Enter your PIN")
            a.shot("en-22-locked")
            a.type(R.id.pin, PIN)
            a.tap("Unlock")
            waitFor({ a.words() }) { "s2_age" in a.questions() }
            assertEquals("22", a.field("s2_age").text.toString())
        }
    }

    @Test
    fun `stop leads to a screen that shows nothing, and can be taken back`() = enrolled { app ->
        val a = app.begun("s2_age")
        a.tap("Stop")
        a.await("The conversation has ended")
        a.shot("en-23-stopped")
        assertFalse("Age" in a.words())
        a.tap("Go on after all")
        waitFor({ a.words() }) { "s2_age" in a.questions() }
        a.tap("Stop")
        a.tap("Finish")
        a.await("Begin an interview") // there was no consent yet: nothing is kept
        assertFalse("Go on with an interview" in a.words())
    }

    @Test
    fun `an interview stopped after consent is sealed, with the outcome hidden`() = enrolled { app ->
        val a = app.begun("j_left", ANSWERS)
        a.answer("j_left", "yes")
        a.tap("Stop")
        a.tap("Finish")
        a.await("Write this code")
        a.shot("en-24-stopped-slip")
        assertFalse("This screening says" in a.words())
        a.tap("Written down: close")
        a.await("Records (1 waiting)")
    }

    @Test
    fun `without agreement the result says so and the answers are erased`() = enrolled { app ->
        val a = app.begun("s3_c1")
        a.interview(mapOf("s3_c1" to "no", "x_health" to "yes"))
        a.await("Not screened (consent missing)")
        a.await("Needs a doctor now")
        a.shot("en-25-no-consent")
        a.tap("Erase the answers")
        a.await("Begin an interview")
        assertFalse("waiting" in a.words())
    }

    @Test
    fun `a wrong PIN is told with the attempts left, and then with a wait`() = enrolled { app ->
        val a = app.get()
        a.tap("Lock")
        a.await("Enter your PIN")
        for (left in listOf(9, 8, 7)) {
            a.type(R.id.pin, "000000")
            a.tap("Unlock")
            a.await("Wrong PIN. $left attempts left.")
        }
        a.await("Wait 30 seconds.")
        a.shot("en-26-wrong-pin")
    }

    @Test
    fun `nobody touches the phone for two minutes and it locks`() = enrolled { app ->
        val a = app.begun("s2_age")
        shadowOf(Looper.getMainLooper()).idleFor(Duration.ofSeconds(121))
        a.await("Enter your PIN")
        assertFalse("s2_age" in a.questions())
    }

    @Test
    fun `the way out locks, closes the app and leaves no picture of it`() = enrolled { app ->
        val a = app.begun("s2_age")
        assertTrue(a.window.attributes.flags and WindowManager.LayoutParams.FLAG_SECURE != 0)
        a.tap("Exit")
        assertEquals(setOf(Intent.CATEGORY_HOME), shadowOf(a).nextStartedActivity.categories)
        waitFor({ "the end" }) { a.isFinishing }
        Robolectric.buildActivity(MainActivity::class.java).setup().use { it.get().await("Enter your PIN") }
    }

    @Test
    fun `each fault of a card has words of its own in both languages`() {
        for (language in listOf("en", "fr")) {
            RuntimeEnvironment.setQualifiers("+$language")
            val words = RuntimeEnvironment.getApplication().resources
            val told = CardReason.entries.map { troubleText(words, TabaraException.Card(it)) }
            assertEquals(language, CardReason.entries.size, told.toSet().size)
        }
    }

    @Test
    fun `without a network a sync says that nothing is lost`() = enrolled { app ->
        val a = app.get()
        deployment.stop()
        try {
            a.tap("Records")
            a.tap("Sync now")
            a.await("The server cannot be reached. Nothing is lost")
            a.shot("en-27-offline")
        } finally {
            deployment.start()
        }
        a.tap("Sync now")
        a.await("All is up to date.")
    }

    @Test
    fun `without a network a courier carries the records and brings their receipts`() = enrolled { app ->
        val a = app.begun("j_left", ANSWERS)
        a.tap("Stop")
        a.tap("Finish")
        a.tap("Written down: close")
        deployment.stop()
        a.tap("Records (1 waiting)")
        a.tap("No network: by courier…")
        a.tap("Save what waits as a file")
        val bundle = a.savesFile()
        a.await("Saved. The records go on waiting")
        a.shot("en-28-courier")
        a.tap("Bring another phone's file to the server")
        a.opensFile(bundle)
        a.await("The server cannot be reached. Nothing is lost")
        deployment.start()
        a.tap("Bring another phone's file to the server")
        a.opensFile(bundle)
        val parcel = a.savesFile()
        a.await("Brought to the server.")
        a.tap("Take the courier's file")
        a.opensFile(bundle)
        a.await("this is not a file of the server")
        a.tap("Take the courier's file")
        a.opensFile(parcel)
        a.await("1 record arrived.")
        a.tap("Back")
        a.await("Nothing waits to be sent")
    }

    @Test
    fun `where the secure store was wiped a new card leads on`() = enrolled { app ->
        app.pause().stop().destroy()
        settle()
        val application = RuntimeEnvironment.getApplication() as TestApp
        application.restart()
        application.loseSecrets()
        Robolectric.buildActivity(MainActivity::class.java).setup().use { again ->
            val a = again.get()
            a.await("secure store was reset")
            a.shot("en-30-key-store-lost")
            a.tap("Use a new card")
            a.enrol()
        }
    }

    @Test
    fun `where the app's files are damaged a new card leads on and the files are kept`() = enrolled { app ->
        app.pause().stop().destroy()
        settle()
        val files = File(RuntimeEnvironment.getApplication().filesDir, "focal-point")
        (RuntimeEnvironment.getApplication() as TestApp).restart()
        File(files, "mailbox.db").writeBytes(ByteArray(4096))
        Robolectric.buildActivity(MainActivity::class.java).setup().use { again ->
            val a = again.get()
            a.await("A file of the app is damaged (mailbox)")
            a.shot("en-29-damaged")
            a.tap("Use a new card")
            a.await("Check the card")
            a.enrol()
            assertTrue(files.list()!!.any { it.startsWith("aside-") && it.endsWith("mailbox.db") })
        }
    }

    private fun app(story: (ActivityController<MainActivity>) -> Unit) = Robolectric.buildActivity(MainActivity::class.java).setup().use(story)

    private fun enrolled(story: (ActivityController<MainActivity>) -> Unit) = app { app ->
        app.get().enrol()
        story(app)
    }

    private fun Activity.enrol() {
        await("Check the card")
        type(R.id.card_text, deployment.card())
        tap("Check the card")
        await("Kayanza")
        type(R.id.pin, PIN)
        type(R.id.pin_again, PIN)
        tap("Use this card")
        await(FORM)
    }

    /** Begins an interview and goes on to the page with a question. */
    private fun ActivityController<MainActivity>.begun(upTo: String, answers: Map<String, String> = emptyMap()): Activity = get().also { a ->
        a.tap(FORM)
        waitFor({ a.words() }) { a.questions().isNotEmpty() }
        while (upTo !in a.questions()) {
            for (path in a.questions().keys) answers[path]?.let { a.answer(path, it) }
            a.turn()
        }
    }

    private fun Activity.field(path: String) = questions().getValue(path).all().filterIsInstance<EditText>().first()

    private fun settle() = repeat(50) {
        shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMillis(2))
        Thread.sleep(2)
    }

    private fun Bundle.bytes() = Parcel.obtain().run {
        writeBundle(this@bytes)
        marshall().toString(Charsets.UTF_16LE)
    }

    companion object {
        private val deployment = Deployment()

        @JvmStatic
        @AfterClass
        fun end() = deployment.close()

        private val FRENCH = mapOf(
            "Check the card" to "Vérifier la carte",
            "The text of the card is incomplete" to "Le texte de la carte est incomplet",
            "Use this card" to "Utiliser cette carte",
            "Safety" to "Sécurité",
            "Presumed victim" to "Victime présumée",
            "Finish and seal" to "Terminer et sceller",
            "Write this code" to "Écrivez ce code",
            "Written down: close" to "C'est noté : fermer",
            "Records (1 waiting)" to "Dossiers (1 en attente)",
            "1 record waits to be sent" to "1 dossier attend d'être envoyé",
            "Sync now" to "Synchroniser",
            "1 record arrived." to "1 dossier est arrivé.",
            "A person takes back her words…" to "Une personne reprend ses paroles…",
            "Help does not depend on it" to "L'aide n'en dépend pas",
            "Take back" to "Retirer",
            "A code is mistyped" to "Un code est mal tapé",
            "withdrawn" to "retiré",
            "Nothing waits to be sent" to "Rien n'attend d'être envoyé",
        )
    }
}
