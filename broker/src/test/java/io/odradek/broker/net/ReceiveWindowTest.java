package io.odradek.broker.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Framing, driven as a transport drives it: any number of bytes at a time. */
class ReceiveWindowTest {

    static final int MAX_FRAME = 1024 * 1024;
    private static final ChannelConfig CONFIG = new EmbeddedChannel().config();
    private static final MemoryBudget.Waiter NOBODY = bytes -> {
        throw new AssertionError("nobody waits here");
    };

    private final PooledByteBufAllocator allocator = new PooledByteBufAllocator(true, 0, 1, 8192, 9, 64, 32, false);
    private final MemoryBudget budget = new MemoryBudget(1L << 40);
    private final ReceiveWindow window = new ReceiveWindow(allocator, budget);

    private record Held(NettyLease lease, ByteBuffer bytes, int number) {}

    private static byte content(int frame, int at) {
        return (byte) (frame * 31 + at);
    }

    private static ByteBuffer stream(List<Integer> sizes) {
        ByteBuffer stream = ByteBuffer.allocate(
                sizes.stream().mapToInt(size -> size + ReceiveWindow.SIZE_BYTES).sum());
        for (int frame = 0; frame < sizes.size(); frame++) {
            stream.putInt(sizes.get(frame));
            for (int i = 0; i < sizes.get(frame); i++) {
                stream.put(content(frame, i));
            }
        }
        return stream.flip();
    }

    /** One read of at most {@code most} bytes; the whole pass is this one read. */
    private void receive(ByteBuffer stream, int most) {
        window.reset(CONFIG);
        ByteBuf buffer = window.allocate(allocator);
        window.attemptedBytesRead(buffer.writableBytes());
        int count = Math.min(Math.min(most, stream.remaining()), buffer.writableBytes());
        buffer.writeBytes(stream.slice(stream.position(), count));
        stream.position(stream.position() + count);
        window.lastBytesRead(count);
        window.received(buffer);
    }

    private static void check(Held held) {
        for (int i = 0; i < held.bytes.limit(); i++) {
            if (held.bytes.get(i) != content(held.number, i)) {
                throw new AssertionError("byte " + i + " of frame " + held.number + " changed");
            }
        }
    }

    private void run(List<Integer> sizes, Random random, int mostPerRead, int keepUpTo) {
        ByteBuffer stream = stream(sizes);
        List<Held> held = new ArrayList<>();
        int frames = 0;
        while (stream.hasRemaining()) {
            receive(stream, 1 + random.nextInt(mostPerRead));
            while (window.isFrameWhole()) {
                assertThat(window.claimedBytes()).isEqualTo(sizes.get(frames));
                ReceiveWindow.Frame frame = window.takeFrame();
                held.add(new Held(
                        new NettyLease(frame.memory()), frame.memory().view(frame.from(), frame.sizeBytes()), frames));
                frames++;
            }
            while (held.size() > keepUpTo) {
                Held next = held.remove(random.nextInt(held.size()));
                check(next);
                next.lease.release();
            }
            assertThat(window.makeRoom(NOBODY, 0)).isTrue();
            window.readComplete();
            window.passEnded();
        }
        assertThat(frames).isEqualTo(sizes.size());
        assertThat(window.unreadBytes()).isZero();
        held.forEach(ReceiveWindowTest::check);
        held.forEach(each -> each.lease.release());
        window.drop();
        assertThat(budget.usedBytes()).isZero();
        assertThat(allocator.pinnedDirectMemory()).isZero();
    }

    @Property(tries = 100)
    void everyFrameArrivesWholeAndStaysUnchangedWhileItIsHeld(
            @ForAll @Size(min = 1, max = 40) List<@IntRange(max = 20_000) Integer> sizes,
            @ForAll @IntRange(min = 1, max = 100_000) int mostPerRead,
            @ForAll @IntRange(max = 30) int keepUpTo,
            @ForAll Random random) {
        new ReceiveWindowTest().run(sizes, random, mostPerRead, keepUpTo);
    }

    @Property(tries = 10)
    void largeFramesArriveWholeAmongSmallOnes(
            @ForAll @Size(min = 1, max = 6) List<@IntRange(max = MAX_FRAME) Integer> sizes, @ForAll Random random) {
        new ReceiveWindowTest().run(sizes, random, 1 << 20, 2);
    }

    @Example
    void framesCutAtEveryByteArriveWhole() {
        for (int cut = 1; cut < 40; cut++) {
            ReceiveWindowTest fresh = new ReceiveWindowTest();
            ByteBuffer stream = stream(List.of(0, 7, 1, 12));
            int frames = 0;
            while (stream.hasRemaining()) {
                fresh.receive(stream, cut);
                while (fresh.window.isFrameWhole()) {
                    fresh.window.takeFrame();
                    frames++;
                }
                fresh.window.makeRoom(NOBODY, 0);
            }
            assertThat(frames).isEqualTo(4);
            fresh.window.drop();
        }
    }

    @Example
    void aClaimedSizePinsNoMoreThanAFewTimesWhatWasSent() {
        ByteBuffer stream =
                ByteBuffer.allocate(4 + 1_000_000).putInt(100 * 1024 * 1024).position(0);
        while (stream.hasRemaining()) {
            receive(stream, 997);
            window.makeRoom(NOBODY, 0);
            window.readComplete();
            window.passEnded();
            assertThat(budget.usedBytes())
                    .isLessThanOrEqualTo(Math.max(ReceiveWindow.TRUSTED_BYTES, 5L * stream.position()));
        }
        window.drop();
        assertThat(budget.usedBytes()).isZero();
    }

    @Example
    void betweenRequestsNothingIsHeld() {
        ByteBuffer stream = stream(List.of(100, 20_000));
        while (stream.hasRemaining()) {
            receive(stream, Integer.MAX_VALUE);
            while (window.isFrameWhole()) {
                window.takeFrame();
            }
            window.makeRoom(NOBODY, 0);
        }
        window.readComplete();
        window.passEnded();
        assertThat(budget.usedBytes()).isZero();
        assertThat(allocator.pinnedDirectMemory()).isZero();
    }

    /** After the first few, a large frame is received into the memory it stays in but for a head of a few KiB. */
    @Example
    void largeFramesAreHardlyCopied() {
        List<Integer> sizes = Collections.nCopies(50, 300_000);
        ByteBuffer stream = stream(sizes);
        long copied = 0;
        int frames = 0;
        while (stream.hasRemaining()) {
            receive(stream, 200_000);
            while (window.isFrameWhole()) {
                window.takeFrame();
                frames++;
            }
            int unread = window.unreadBytes();
            long usedBefore = budget.usedBytes();
            window.makeRoom(NOBODY, 0);
            if (frames > 5 && budget.usedBytes() != usedBefore) {
                copied += unread;
            }
            window.readComplete();
            window.passEnded();
        }
        assertThat(frames).isEqualTo(50);
        assertThat(copied).isLessThan(50L * 3 * ReceiveWindow.PEEK_BYTES);
        window.drop();
    }
}
