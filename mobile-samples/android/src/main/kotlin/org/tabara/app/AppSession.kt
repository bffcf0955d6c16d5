package org.tabara.app

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import org.tabara.core.DeviceSecret
import org.tabara.core.FocalPoint
import org.tabara.core.Finished
import org.tabara.core.Session
import org.tabara.core.Step
import org.tabara.core.SyncProgress
import org.tabara.core.SyncReport
import org.tabara.core.TabaraException
import java.io.File
import java.util.concurrent.Executors

/** A finished interview. `hushed`: it was stopped, so outcome and advice stay hidden, somebody may be looking. */
class Sealed(val draft: String, val finished: Finished, val hushed: Boolean)

/** How far a sync is. */
sealed interface Sync {
    data object Idle : Sync
    data class Running(val step: Step) : Sync
    data class Done(val report: SyncReport) : Sync
    data class Failed(val why: TabaraException) : Sync
}

/**
 * What outlives a rotated screen: the core, the open interview, a running sync. All calls but the sync go through one
 * thread, in the order of the taps, so that the main thread never waits for the disk or for key stretching.
 */
class AppSession(private val folder: File, private val secret: DeviceSecret) {
    private val thread = Executors.newSingleThreadExecutor { Thread(it, "core") }.asCoroutineDispatcher()
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Main)
    private var opened: FocalPoint? = null
    private var session: Session? = null
    private var running: Job? = null

    /** What sealing the last interview gave, until the focal point says that the codes are written down. */
    var sealed: Sealed? = null

    /** For screens that show how a sync goes on. */
    val sync = MutableStateFlow<Sync>(Sync.Idle)

    /** Calls the core on its thread, opening it first where it is not. */
    suspend fun <T> core(work: FocalPoint.() -> T): T = withContext(thread) { focalPoint().work() }

    /**
     * Calls the interview of this draft, taking it up again where it is not open. What was asked for is done also when the
     * screen that asked is gone meanwhile: an answer typed just before a rotation is saved.
     */
    suspend fun <T> interview(draft: String, work: Session.() -> T): T = withContext(thread + NonCancellable) {
        val open = session?.takeIf { it.draft() == draft } ?: focalPoint().resume(draft).also { session = it }
        open.work()
    }

    /** Begins an interview; returns its draft. */
    suspend fun begin(questionnaire: String, language: String): String = withContext(thread) {
        focalPoint().start(questionnaire, language).also { session = it }.draft()
    }

    /** Locks for good and frees the folder, which one object has at a time. The end of the process does the same. */
    fun close() {
        running?.cancel()
        opened?.close()
        opened = null
    }

    /** Brings another phone's bundle to the server; returns the parcel to take back to it. */
    suspend fun carry(bundle: ByteArray): ByteArray = withContext(thread) { focalPoint() }.carry(bundle)

    /** Locks the vault. Codes that are not written down yet can be shown again after the PIN. */
    suspend fun lock() = withContext(thread) {
        session = null
        opened?.lock()
    }

    /** Sends and fetches; goes on over rotations, and while locked. */
    fun startSync() {
        if (running?.isActive == true) return
        sync.value = Sync.Running(Step.Contacting)
        running = scope.launch {
            sync.value = try {
                val core = withContext(thread) { focalPoint() }
                Sync.Done(core.sync(object : SyncProgress {
                    override fun at(step: Step) {
                        scope.launch { if (running?.isActive == true) sync.value = Sync.Running(step) }
                    }
                }))
            } catch (why: TabaraException) {
                Sync.Failed(why)
            } catch (stopped: CancellationException) {
                sync.value = Sync.Idle
                throw stopped
            }
        }
    }

    /** What a sync said that is over is not news any more. */
    fun forgetSync() {
        if (sync.value !is Sync.Running) sync.value = Sync.Idle
    }

    /** Ends the sync; what was sent stays sent, and the next one goes on from there. */
    fun cancelSync() {
        running?.cancel()
    }

    private fun focalPoint() = opened ?: FocalPoint.open(folder.apply { mkdirs() }.path, secret).also { opened = it }
}
