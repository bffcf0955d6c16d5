package org.tabara.core

import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.channelFlow

/** What a sync tells on its way. */
sealed interface SyncEvent {
    /** It begins this step, or has come this far in it. */
    data class At(val step: Step) : SyncEvent

    /** It is over: the last event of the flow. */
    data class Done(val report: SyncReport) : SyncEvent
}

/**
 * A sync as a flow: its steps, then its report. Each collection is a sync of its own. It fails as [FocalPoint.sync] does, with a
 * [TabaraException]. Ending the collection ends the sync at once; what was settled stays settled.
 */
fun FocalPoint.syncEvents(): Flow<SyncEvent> = channelFlow {
    val report = sync(object : SyncProgress {
        override fun at(step: Step) {
            trySend(SyncEvent.At(step))
        }
    })
    send(SyncEvent.Done(report))
}.buffer(Channel.UNLIMITED)
