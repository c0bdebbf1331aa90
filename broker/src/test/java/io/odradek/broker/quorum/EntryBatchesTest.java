package io.odradek.broker.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.record.BatchBuilder;
import io.odradek.engine.record.BatchLayout;
import io.odradek.engine.record.Codec;
import io.odradek.engine.record.CorruptBatchException;
import io.odradek.engine.record.RecordBatch;
import io.odradek.replication.quorum.EntryBatch;
import io.odradek.replication.quorum.EntryBatch.LeaderChange;
import io.odradek.replication.quorum.VoterSet;
import java.nio.ByteBuffer;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.message.SnapshotHeaderRecord;
import org.apache.kafka.common.message.VotersRecord;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.ControlRecordUtils;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.junit.jupiter.api.Test;

class EntryBatchesTest {

    @Property(tries = 100)
    void votersComeBackAsTheyWereWritten(@ForAll("voterSets") VoterSet voters) throws Exception {
        ByteBuffer batch =
                ControlBatches.placed(ControlBatches.voters(voters, 12), 40, 6).bytes();
        EntryBatch entry = EntryBatches.of(batch);
        assertThat(entry.voters()).isEqualTo(voters);
        assertThat(entry.baseOffset()).isEqualTo(40);
        assertThat(entry.epoch()).isEqualTo(6);
        assertThat(entry.count()).isEqualTo(1);
    }

    @Property(tries = 50)
    void kafkaReadsTheControlRecords(@ForAll("voterSets") VoterSet voters) {
        LeaderChangeMessage leader = ControlRecordUtils.deserializeLeaderChangeMessage(
                only(ControlBatches.leaderChange(new LeaderChange(4, voters), 12), ControlRecordType.LEADER_CHANGE));
        assertThat(leader.leaderId()).isEqualTo(4);
        assertThat(leader.voters())
                .extracting(LeaderChangeMessage.Voter::voterId)
                .containsExactlyElementsOf(voters.ids());

        VotersRecord record = ControlRecordUtils.deserializeVotersRecord(
                only(ControlBatches.voters(voters, 12), ControlRecordType.KRAFT_VOTERS));
        assertThat(record.voters()).extracting(VotersRecord.Voter::voterId).containsExactlyElementsOf(voters.ids());

        List<Record> header = records(ControlBatches.snapshotHeader(77, voters, 12));
        assertThat(header)
                .extracting(each -> ControlRecordType.parse(each.key()))
                .containsExactly(
                        ControlRecordType.SNAPSHOT_HEADER,
                        ControlRecordType.KRAFT_VERSION,
                        ControlRecordType.KRAFT_VOTERS);
        SnapshotHeaderRecord first = ControlRecordUtils.deserializeSnapshotHeaderRecord(header.getFirst());
        assertThat(first.lastContainedLogTimestamp()).isEqualTo(77);
        assertThat(ControlRecordUtils.deserializeKRaftVersionRecord(header.get(1))
                        .kRaftVersion())
                .isEqualTo(ControlBatches.KRAFT_VERSION);
        ControlRecordUtils.deserializeSnapshotFooterRecord(
                only(ControlBatches.snapshotFooter(12), ControlRecordType.SNAPSHOT_FOOTER));
    }

    private static Record only(BatchBuilder builder, ControlRecordType type) {
        List<Record> records = records(builder);
        assertThat(records).hasSize(1);
        assertThat(ControlRecordType.parse(records.getFirst().key())).isEqualTo(type);
        return records.getFirst();
    }

    private static List<Record> records(BatchBuilder builder) {
        MemoryRecords kafkas = MemoryRecords.readableRecords(
                ControlBatches.placed(builder, 3, 2).bytes().duplicate());
        MutableRecordBatch batch = kafkas.batches().iterator().next();
        batch.ensureValid();
        assertThat(batch.isControlBatch()).isTrue();
        assertThat(batch.partitionLeaderEpoch()).isEqualTo(2);
        List<Record> records = new java.util.ArrayList<>();
        batch.forEach(records::add);
        return records;
    }

    @Property(tries = 100)
    void whatIsCutOffAtTheEndIsLeftOut(@ForAll @IntRange(min = 1, max = 200) int missing) throws Exception {
        ByteBuffer three = WrittenMessages.batches(10, 4, 3);
        ByteBuffer two = WrittenMessages.batches(10, 4, 2);
        ByteBuffer cut = three.duplicate().limit(Math.max(two.limit(), three.limit() - missing));
        assertThat(EntryBatches.read(cut)).isEqualTo(EntryBatches.read(two));
    }

    @Test
    void nothingIsNothing() throws Exception {
        assertThat(EntryBatches.read(ByteBuffer.allocate(0))).isEmpty();
    }

    @Test
    void aFirstBatchThatIsCutOffIsAnError() {
        ByteBuffer one = WrittenMessages.batches(10, 4, 1);
        for (int end = 1; end < one.limit(); end++) {
            ByteBuffer cut = one.duplicate().limit(end);
            assertThatThrownBy(() -> EntryBatches.read(cut)).isInstanceOf(CorruptBatchException.class);
        }
    }

    @Property(tries = 500)
    void noFlippedBitPassesUnseenBehindTheChecksum(
            @ForAll @IntRange(min = 0, max = 7) int bit, @ForAll @IntRange(min = 0, max = 1000) int place)
            throws Exception {
        ByteBuffer bytes = WrittenMessages.batches(10, 4, 3);
        int at = place % bytes.limit();
        List<EntryBatch> intact = EntryBatches.read(WrittenMessages.batches(10, 4, 3));
        bytes.put(at, (byte) (bytes.get(at) ^ (1 << bit)));
        List<EntryBatch> read;
        try {
            read = EntryBatches.read(bytes);
        } catch (CorruptBatchException e) {
            return;
        }
        // Offset, length and epoch lie outside the checksum: the first and the last the machine compares with its log;
        // a length that
        // was too long makes the rest look cut off.
        for (int i = 0; i < read.size(); i++) {
            EntryBatch expected = intact.get(i);
            EntryBatch found = read.get(i);
            assertThat(found.count()).isEqualTo(expected.count());
            assertThat(found.baseOffset() != expected.baseOffset()
                            || found.epoch() != expected.epoch()
                            || found.payload().equals(expected.payload()))
                    .as("byte " + at + ", bit " + bit)
                    .isTrue();
        }
    }

    @Test
    void aBatchHasAPlaceInALog() {
        refused(batch -> batch.putLong(BatchLayout.BASE_OFFSET_AT, -1));
        refused(batch -> batch.putLong(BatchLayout.BASE_OFFSET_AT, Long.MAX_VALUE));
        refused(batch -> batch.putInt(BatchLayout.LEADER_EPOCH_AT, -1));
        refused(batch -> batch.putInt(BatchLayout.LAST_OFFSET_DELTA_AT, -1));
        refused(batch -> batch.putInt(BatchLayout.LAST_OFFSET_DELTA_AT, 5));
        refused(batch -> batch.putInt(BatchLayout.LAST_OFFSET_DELTA_AT, Integer.MAX_VALUE)
                .putInt(BatchLayout.RECORD_COUNT_AT, Integer.MIN_VALUE));
        refused(batch -> batch.put(BatchLayout.MAGIC_AT, (byte) 1));
    }

    private interface Change {
        void to(ByteBuffer batch);
    }

    private static void refused(Change change) {
        ByteBuffer batch = WrittenMessages.batches(10, 4, 1);
        change.to(batch);
        RecordBatch.sealCrc(batch, 0);
        assertThatThrownBy(() -> EntryBatches.of(batch)).isInstanceOf(CorruptBatchException.class);
    }

    @Test
    void recordsThatCannotBeFoldedAreAnError() {
        ByteBuffer withoutValue = ControlBatches.placed(new BatchBuilder().add(1, new byte[2], null), 10, 4)
                .bytes();
        assertThatThrownBy(() -> EntryBatches.of(withoutValue)).isInstanceOf(CorruptBatchException.class);
        refused(batch -> batch.put(BatchLayout.RECORDS_AT, (byte) 0x7E)); // a record longer than its batch
        for (Codec codec : Codec.values()) {
            if (codec != Codec.NONE) {
                ByteBuffer batch = ControlBatches.placed(
                                new BatchBuilder().compressed(codec).add(1, null, new byte[300]), 10, 4)
                        .bytes();
                assertThatThrownBy(() -> EntryBatches.of(batch))
                        .as("%s, whole", codec)
                        .hasMessageContaining("is compressed");
                batch.putLong(BatchLayout.RECORDS_AT + 1, 0x0123_4567_89AB_CDEFL);
                RecordBatch.sealCrc(batch, 0);
                assertThatThrownBy(() -> EntryBatches.of(batch))
                        .as(codec.toString())
                        .isInstanceOf(CorruptBatchException.class);
            }
        }
    }

    @Test
    void controlRecordsThatAreNoneAreAnError() {
        for (BatchBuilder wrong : List.of(
                new BatchBuilder().control().add(1, null, new byte[8]),
                new BatchBuilder().control().add(1, new byte[1], new byte[8]),
                new BatchBuilder().control().add(1, new byte[] {0, 0, 0, 6}, new byte[] {0, 0, 77}),
                new BatchBuilder().control().add(1, new byte[] {0, 0, 0, 6}, new byte[] {0, 0, 1, 0}))) {
            ByteBuffer batch = ControlBatches.placed(wrong, 5, 3).bytes();
            assertThatThrownBy(() -> EntryBatches.of(batch)).isInstanceOf(CorruptBatchException.class);
        }
    }

    @Provide
    Arbitrary<VoterSet> voterSets() {
        return WrittenMessages.voterSets();
    }
}
