package io.odradek.engine.writepath;

import io.odradek.engine.LogDirectory;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What stopped a shard. A broken disk takes the log directory offline; what was settled before stays true. A broken
 * invariant of ours (an unexpected exception, also of a listener) does the same, and from then on nothing is acknowledged:
 * wrong answers spread, a stopped replica is replaced. Any thread.
 */
final class ShardFault {
    private static final Logger LOG = LoggerFactory.getLogger(Shard.class);

    private final String shard;
    private final LogDirectory directory;
    private volatile @Nullable String bug;

    ShardFault(String shard, LogDirectory directory) {
        this.shard = shard;
        this.directory = directory;
    }

    /** The disk failed while {@code doing}. */
    void storage(String doing, IOException cause) {
        if (!directory.isOffline()) {
            LOG.error("shard {}: {} failed; log directory {} goes offline", shard, doing, directory.path(), cause);
        }
        directory.takeOffline(cause);
    }

    /** We are wrong: stops the shard from claiming anything. Told in full once: what follows is most likely its echo. */
    void bug(String doing, Throwable cause) {
        synchronized (this) {
            if (bug != null) {
                LOG.warn("shard {}: and while {}: {}", shard, doing, cause.toString());
                return;
            }
            bug = "shard " + shard + " stopped by an unexpected failure while " + doing + ": " + cause;
        }
        LOG.error("shard {}: unexpected failure while {}; it acknowledges nothing any more", shard, doing, cause);
        directory.takeOffline(new IOException(bug, cause));
    }

    /** Disk or bug, by the type of the cause. */
    void broken(String doing, Throwable cause) {
        if (cause instanceof IOException io) {
            storage(doing, io);
        } else {
            bug(doing, cause);
        }
    }

    /** Null while the shard trusts itself. */
    @Nullable
    String bug() {
        return bug;
    }

    /** Why nothing may be appended, or null. */
    @Nullable
    String reasonToRefuse() {
        String reason = bug;
        if (reason != null) {
            return reason;
        }
        return directory.isOffline() ? "log directory " + directory.path() + " is offline" : null;
    }
}
