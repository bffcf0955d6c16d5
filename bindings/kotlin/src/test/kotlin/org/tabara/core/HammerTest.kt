package org.tabara.core

import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.atomic.AtomicLong
import kotlin.concurrent.thread
import kotlin.random.Random

private const val PIN = "482913"

/** Eight threads at one object at once, while it is locked, unlocked and synced. `TABARA_HAMMER_SECONDS` says how long. */
class HammerTest {
    @Test
    fun `eight threads get answers or errors of the table, and the interview is whole afterwards`(@TempDir folder: Path) {
        val seconds = System.getenv("TABARA_HAMMER_SECONDS")?.toInt() ?: 2
        Deployment().use { deployment ->
            val phone = FocalPoint.open(folder.toString(), MemorySecret())
            phone.enrol(deployment.card(), PIN)
            runBlocking { phone.sync(null) }
            val session = phone.start("returnee_screening", "en")
            session.jump("s2_age")
            val calls = AtomicLong()
            val faults = ConcurrentLinkedQueue<Throwable>()
            val end = System.nanoTime() + seconds * 1_000_000_000L
            fun hammer(work: (Random) -> Unit) = thread {
                val random = Random.Default
                while (System.nanoTime() < end) {
                    try {
                        work(random)
                    } catch (_: TabaraException.Locked) {
                    } catch (_: TabaraException.Answer) { // the question is of another page now
                    } catch (fault: Throwable) {
                        faults += fault
                    }
                    calls.incrementAndGet()
                }
            }
            val threads = List(6) {
                hammer { random ->
                    when (random.nextInt(8)) {
                        0 -> session.answer("s2_age", random.nextInt(18, 60).toString())
                        1 -> session.next()
                        2 -> session.back()
                        3 -> session.missing()
                        4 -> phone.drafts()
                        5 -> phone.waiting()
                        6 -> phone.notices()
                        else -> session.page().questions.map { it.label }
                    }
                }
            } + hammer { runBlocking { phone.sync(null) } } + hammer {
                phone.lock()
                phone.unlock(PIN)
            }
            threads.forEach { it.join() }

            assertEquals(emptyList<Throwable>(), faults.toList())
            assertTrue(calls.get() > 100, "only $calls calls")
            println("HammerTest: $calls calls in $seconds s")
            if (phone.state() is State.Locked) phone.unlock(PIN)
            session.answer("s2_age", "33")
            assertEquals("33", session.jump("s2_age").questions.single { it.path == "s2_age" }.value)
            session.discard()
            assertEquals(emptyList<DraftInfo>(), phone.drafts())
            phone.close()
        }
    }
}
