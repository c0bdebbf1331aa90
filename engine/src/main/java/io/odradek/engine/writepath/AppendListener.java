package io.odradek.engine.writepath;

import io.odradek.engine.AppendOutcome;

/** Waits for one batch. */
public interface AppendListener {

    /**
     * Called once, on the shard's settle thread, after the batch is as durable as its topic demands (or was refused), and
     * after {@link Settlement#progressed} was called for its log.
     *
     * @param outcome for as long as the call lasts; {@link AppendOutcome#kept} for longer
     */
    void onSettled(AppendOutcome outcome);
}
