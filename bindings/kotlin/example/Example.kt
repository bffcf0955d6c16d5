package org.tabara.example

import kotlinx.coroutines.runBlocking
import org.tabara.core.DeviceSecret
import org.tabara.core.Finished
import org.tabara.core.FocalPoint
import org.tabara.core.State
import java.io.File
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec
import kotlin.random.Random

/** From a card to a record that has arrived. On Android, `secret` is `KeystoreSecret` of the AAR. */
suspend fun screening(folder: String, secret: DeviceSecret, card: String, pin: String): Finished {
    val phone = FocalPoint.open(folder, secret)         // off the main thread, like every call
    when (phone.state()) {
        is State.Unlocked -> {}
        is State.Locked -> phone.unlock(pin)            // slow: key stretching
        else -> phone.enrol(card, pin)                  // slow; needs no network. Say first what is lost, if anything is
    }
    phone.sync(null)                                    // suspends; brings the questionnaires the first time
    val session = phone.start(phone.questionnaires().first().id, "fr")
    var page = session.page()                           // everything to draw one page
    println("${page.title}: ${page.questions.map { it.label }}")
    page = session.answer("s2_age", "22")               // on the disk when it returns; the page as it is now
    page = session.next()                               // page.refused: the questions' messages say why
    for (consent in 1..7) session.answer("s3_c$consent", "yes")
    session.stop()                                      // an interview to the end: until page.last, and missing() is empty
    val finished = session.finish(null)                 // sealed and signed; the answers are erased
    phone.sync(null)                                    // the record leaves
    phone.lock()
    return finished                                     // its code and undo go onto the person's slip
}

/** HMAC keys in memory: enough for one try, and not for people. A phone uses its key store. */
class OneRunSecret : DeviceSecret {
    private val keys = HashMap<String, ByteArray>()

    override fun derive(purpose: String, input: ByteArray): ByteArray = Mac.getInstance("HmacSHA256").run {
        init(SecretKeySpec(synchronized(keys) { keys.getOrPut(purpose) { Random.nextBytes(32) } }, "HmacSHA256"))
        doFinal(input)
    }

    override fun forget(purpose: String) {
        synchronized(keys) { keys.remove(purpose) }
    }
}

fun main(arguments: Array<String>) = runBlocking {
    val folder = kotlin.io.path.createTempDirectory("phone").toString()
    val finished = screening(folder, OneRunSecret(), File(arguments[0]).readText(), "271828")
    println("code of the slip: ${finished.code}")
}
