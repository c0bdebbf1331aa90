package io.odradek.broker.quorum;

import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.CorruptBatchException;
import io.odradek.engine.record.RecordBatch;
import io.odradek.engine.record.RecordCursor;
import io.odradek.engine.record.ValidatedBatch;
import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.EntryBatch.LeaderChange;
import io.odradek.replication.quorum.VoterSet;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.message.KRaftVersionRecord;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.message.SnapshotFooterRecord;
import org.apache.kafka.common.message.SnapshotHeaderRecord;
import org.apache.kafka.common.message.VotersRecord;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.ControlRecordUtils;
import org.jspecify.annotations.Nullable;

/**
 * What the quorum itself writes into its log and its snapshots: batches of control records, in Kafka's bytes (KIP-595, 630, 853).
 *
 * <pre>
 *  key    version int16, type int16: 2 LeaderChange, 3 SnapshotHeader, 4 SnapshotFooter, 5 KRaftVersion, 6 KRaftVoters
 *  value  Kafka's message of that name
 * </pre>
 */
final class ControlBatches {

    /** Voters stand in the log, with their disks (KIP-853). */
    static final short KRAFT_VERSION = 1;

    /** The first record of a reign. Who granted it is not said: nobody needs it. */
    static BatchBuilder leaderChange(LeaderChange change, long nowMs) {
        LeaderChangeMessage message = new LeaderChangeMessage()
                .setVersion(ControlRecordUtils.LEADER_CHANGE_CURRENT_VERSION)
                .setLeaderId(change.leader());
        for (int id : change.voters().ids()) {
            message.voters().add(new LeaderChangeMessage.Voter().setVoterId(id)); // this version has no place for disks
        }
        return add(
                new BatchBuilder().control(),
                ControlRecordType.LEADER_CHANGE,
                message,
                ControlRecordUtils.LEADER_CHANGE_CURRENT_VERSION,
                nowMs);
    }

    /** Who votes from here on. */
    static BatchBuilder voters(VoterSet voters, long nowMs) {
        return addVoters(new BatchBuilder().control(), voters, nowMs);
    }

    /** How a snapshot begins. */
    static BatchBuilder snapshotHeader(long lastContainedMs, VoterSet voters, long nowMs) {
        BatchBuilder batch = add(
                new BatchBuilder().control(),
                ControlRecordType.SNAPSHOT_HEADER,
                new SnapshotHeaderRecord()
                        .setVersion(ControlRecordUtils.SNAPSHOT_HEADER_CURRENT_VERSION)
                        .setLastContainedLogTimestamp(lastContainedMs),
                ControlRecordUtils.SNAPSHOT_HEADER_CURRENT_VERSION,
                nowMs);
        add(
                batch,
                ControlRecordType.KRAFT_VERSION,
                new KRaftVersionRecord()
                        .setVersion(ControlRecordUtils.KRAFT_VERSION_CURRENT_VERSION)
                        .setKRaftVersion(KRAFT_VERSION),
                ControlRecordUtils.KRAFT_VERSION_CURRENT_VERSION,
                nowMs);
        return addVoters(batch, voters, nowMs);
    }

    /** How a snapshot ends: one that lacks it is not whole. */
    static BatchBuilder snapshotFooter(long nowMs) {
        return add(
                new BatchBuilder().control(),
                ControlRecordType.SNAPSHOT_FOOTER,
                new SnapshotFooterRecord().setVersion(ControlRecordUtils.SNAPSHOT_FOOTER_CURRENT_VERSION),
                ControlRecordUtils.SNAPSHOT_FOOTER_CURRENT_VERSION,
                nowMs);
    }

    private static BatchBuilder addVoters(BatchBuilder batch, VoterSet voters, long nowMs) {
        VotersRecord record = new VotersRecord().setVersion(ControlRecordUtils.KRAFT_VOTERS_CURRENT_VERSION);
        for (Voter voter : voters.voters()) {
            VotersRecord.EndpointCollection endpoints = new VotersRecord.EndpointCollection();
            for (Endpoint at : voter.endpoints()) {
                endpoints.add(new VotersRecord.Endpoint()
                        .setName(at.listener())
                        .setHost(at.host())
                        .setPort(at.port()));
            }
            record.voters()
                    .add(new VotersRecord.Voter()
                            .setVoterId(voter.key().id())
                            .setVoterDirectoryId(QuorumWire.directoryOf(voter.key()))
                            .setEndpoints(endpoints)
                            .setKRaftVersionFeature(new VotersRecord.KRaftVersionFeature()
                                    .setMinSupportedVersion(KRAFT_VERSION)
                                    .setMaxSupportedVersion(KRAFT_VERSION)));
        }
        return add(
                batch, ControlRecordType.KRAFT_VOTERS, record, ControlRecordUtils.KRAFT_VOTERS_CURRENT_VERSION, nowMs);
    }

    private static BatchBuilder add(
            BatchBuilder batch, ControlRecordType type, ApiMessage value, short version, long nowMs) {
        ByteBuffer bytes = MessageUtil.toByteBufferAccessor(value, version).buffer();
        return batch.add(nowMs, type.recordKey(), bytes, List.of());
    }

    // ---- Reading.

    /** What a control batch holds of interest. */
    record Found(List<ControlRecordType> types, @Nullable VoterSet voters) {
        private static final Found NOTHING = new Found(List.of(), null);
    }

    /**
     * Looks into the whole batch at {@code at}; finds nothing in one of data.
     *
     * @throws CorruptBatchException the batch says that it holds control records, and they cannot be read
     */
    static Found in(ByteBuffer buffer, int at) throws CorruptBatchException {
        if (!RecordBatch.isControl(buffer, at)) {
            return Found.NOTHING;
        }
        List<ControlRecordType> types = new ArrayList<>();
        VoterSet voters = null;
        try (RecordCursor records = RecordCursor.open(buffer, at)) {
            while (records.next()) {
                ByteBuffer key = records.key();
                ByteBuffer value = records.value();
                if (key == null || value == null) {
                    throw new CorruptBatchException("a control record without key or value at " + records.offset());
                }
                ControlRecordType type = ControlRecordType.parse(key.slice());
                types.add(type);
                if (type == ControlRecordType.KRAFT_VOTERS) {
                    voters = voterSet(new VotersRecord(
                            new ByteBufferAccessor(value.slice()), ControlRecordUtils.KRAFT_VOTERS_CURRENT_VERSION));
                }
            }
        } catch (CorruptBatchException e) {
            throw e;
        } catch (IOException | RuntimeException e) { // whatever Kafka's parsers throw at bytes that are none
            throw new CorruptBatchException("control records that cannot be read: " + e.getMessage());
        }
        return new Found(List.copyOf(types), voters);
    }

    private static VoterSet voterSet(VotersRecord record) throws CorruptBatchException {
        if (record.voters().isEmpty()) {
            throw new CorruptBatchException("a record of voters that names none");
        }
        List<Voter> voters = new ArrayList<>();
        for (VotersRecord.Voter voter : record.voters()) {
            List<Endpoint> endpoints = new ArrayList<>();
            for (VotersRecord.Endpoint at : voter.endpoints()) {
                endpoints.add(QuorumWire.endpoint(at.name(), at.host(), at.port()));
            }
            voters.add(new Voter(QuorumWire.key(voter.voterId(), voter.voterDirectoryId()), endpoints));
        }
        return VoterSet.of(voters);
    }

    static ValidatedBatch placed(BatchBuilder builder, long baseOffset, int epoch) {
        ValidatedBatch batch = builder.build();
        batch.assign(baseOffset, epoch);
        return batch;
    }

    private ControlBatches() {}
}
