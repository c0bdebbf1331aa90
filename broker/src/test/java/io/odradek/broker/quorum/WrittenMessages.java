package io.odradek.broker.quorum;

import io.odradek.engine.record.BatchBuilder;
import io.odradek.replication.Endpoint;
import io.odradek.replication.quorum.OffsetAndEpoch;
import io.odradek.replication.quorum.ReplicaKey;
import io.odradek.replication.quorum.VoterSet;
import io.odradek.replication.quorum.VoterSet.Voter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.MessageUtil;

/** Messages as bytes, and what is put into them. */
final class WrittenMessages {

    static final QuorumWire WIRE = new QuorumWire("cluster-of-one", "CONTROLLER");
    static final ReplicaKey SELF = new ReplicaKey(3, new UUID(0x1234, 3));
    static final Standing STANDING =
            new Standing(7, 2, new Endpoint("CONTROLLER", "controller-2.example", 9093, (short) 0));

    static <M extends ApiMessage> M overTheWire(ApiMessage written, M read, short version) {
        ByteBuffer bytes = bytes(written, version);
        read.read(new ByteBufferAccessor(bytes), version);
        if (bytes.hasRemaining()) {
            throw new AssertionError(bytes.remaining() + " bytes were written and not read");
        }
        return read;
    }

    static ByteBuffer bytes(ApiMessage written, short version) {
        return MessageUtil.toByteBufferAccessor(written, version).buffer();
    }

    static Arbitrary<Integer> versions(ApiMessage message) {
        return Arbitraries.integers().between(message.lowestSupportedVersion(), message.highestSupportedVersion());
    }

    static Arbitrary<ReplicaKey> keys() {
        return Combinators.combine(Arbitraries.integers().between(0, 5), Arbitraries.longs(), Arbitraries.longs())
                .as((id, most, least) -> new ReplicaKey(id, new UUID(most, least)));
    }

    static Arbitrary<Integer> epochs() {
        return Arbitraries.integers().between(1, Integer.MAX_VALUE - 1);
    }

    /** Ends of logs that fit an epoch, its own left out. */
    static Arbitrary<OffsetAndEpoch> endsBelow(int epoch) {
        return Combinators.combine(
                        Arbitraries.longs().between(0, Long.MAX_VALUE),
                        Arbitraries.integers().between(0, epoch - 1))
                .as(OffsetAndEpoch::new);
    }

    static Arbitrary<VoterSet> voterSets() {
        Arbitrary<Endpoint> endpoints = Combinators.combine(
                        Arbitraries.of("CONTROLLER", "OTHER"),
                        Arbitraries.strings().alpha().ofMinLength(1).ofMaxLength(20),
                        Arbitraries.integers().between(1, 65_535))
                .as((name, host, port) -> new Endpoint(name, host, port, (short) 0));
        return Combinators.combine(
                        keys(),
                        endpoints.list().uniqueElements(Endpoint::listener).ofMaxSize(2))
                .as(Voter::new)
                .list()
                .uniqueElements(voter -> voter.key().id())
                .ofMinSize(1)
                .ofMaxSize(5)
                .map(VoterSet::of);
    }

    /** Batches of data that stand one behind the other from an offset on. */
    static ByteBuffer batches(long fromOffset, int epoch, int count) {
        List<ByteBuffer> all = new ArrayList<>();
        long next = fromOffset;
        int size = 0;
        for (int i = 0; i < count; i++) {
            BatchBuilder builder = new BatchBuilder();
            for (int record = 0; record <= i; record++) {
                builder.add(1_000 + record, null, new byte[] {(byte) i, (byte) record});
            }
            ByteBuffer batch = ControlBatches.placed(builder, next, epoch).bytes();
            next += i + 1;
            size += batch.limit();
            all.add(batch);
        }
        ByteBuffer bytes = ByteBuffer.allocate(size);
        all.forEach(batch -> bytes.put(batch.duplicate().position(0)));
        return bytes.flip();
    }

    private WrittenMessages() {}
}
