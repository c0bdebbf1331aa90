package io.odradek.bench.jmh;

import io.aeron.ExclusivePublication;
import io.aeron.Publication;
import io.aeron.archive.Archive;
import io.aeron.archive.ArchiveThreadingMode;
import io.aeron.archive.ArchivingMediaDriver;
import io.aeron.archive.client.AeronArchive;
import io.aeron.archive.status.RecordingPos;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import java.nio.file.Path;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.status.CountersReader;

/**
 * An Aeron media driver with an archive in this process, and one publication between threads of it that is recorded to files. Driver
 * and archive have a thread each; the archive writes to the page cache and syncs nothing, its default.
 */
final class AeronRecording implements AutoCloseable {
    private static final int STREAM = 10;
    private static final String CHANNEL = "aeron:ipc?term-length=64m";

    private final ArchivingMediaDriver driver;
    private final AeronArchive archive;
    private final ExclusivePublication publication;
    private final CountersReader counters;
    private final int recordedPosition;

    AeronRecording(Path path) {
        String aeron = path.resolve("driver").toString();
        var archiveContext = new Archive.Context()
                .aeronDirectoryName(aeron)
                .archiveDir(path.resolve("archive").toFile())
                .threadingMode(ArchiveThreadingMode.SHARED)
                .controlChannelEnabled(false)
                .localControlChannel("aeron:ipc")
                .replicationChannel("aeron:udp?endpoint=localhost:0")
                .archiveClientContext(new AeronArchive.Context().controlResponseChannel("aeron:ipc"));
        driver = ArchivingMediaDriver.launch(
                new MediaDriver.Context().aeronDirectoryName(aeron).threadingMode(ThreadingMode.SHARED),
                archiveContext);
        archive = AeronArchive.connect(new AeronArchive.Context()
                .aeronDirectoryName(aeron)
                .controlRequestChannel("aeron:ipc")
                .controlRequestStreamId(archiveContext.localControlStreamId())
                .controlResponseChannel("aeron:ipc"));
        publication = archive.addRecordedExclusivePublication(CHANNEL, STREAM);
        counters = archive.context().aeron().countersReader();
        int counter = CountersReader.NULL_COUNTER_ID;
        while (counter == CountersReader.NULL_COUNTER_ID) {
            Thread.onSpinWait();
            counter = RecordingPos.findCounterIdBySession(counters, publication.sessionId(), archive.archiveId());
        }
        recordedPosition = counter;
    }

    ExclusivePublication publication() {
        return publication;
    }

    static void offer(ExclusivePublication publication, DirectBuffer batch) {
        while (true) {
            long position = publication.offer(batch);
            if (position >= 0) {
                return;
            }
            if (position == Publication.CLOSED || position == Publication.MAX_POSITION_EXCEEDED) {
                throw new IllegalStateException("the publication does not take any more: " + position);
            }
            Thread.onSpinWait();
        }
    }

    void awaitRecorded(long position) {
        while (counters.getCounterValue(recordedPosition) < position) {
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        publication.close();
        archive.close();
        driver.close();
    }
}
