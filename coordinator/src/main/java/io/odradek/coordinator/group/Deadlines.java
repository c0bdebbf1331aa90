package io.odradek.coordinator.group;

import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * When what is due; one deadline per key, first set first out among equals.
 *
 * <p>Nearly every change is a heartbeat that moves a session's deadline further away. So moving later only writes the new
 * time; the queue's entry stays where it is, and is put back at the right place when its old time comes.
 */
final class Deadlines<K> {

    static final long NEVER = Long.MAX_VALUE;

    private static final class Slot<K> {
        final K key;
        long dueMs;
        long queuedForMs = NEVER;

        Slot(K key) {
            this.key = key;
        }
    }

    private record Entry<K>(long atMs, long sequence, Slot<K> slot) implements Comparable<Entry<K>> {
        @Override
        public int compareTo(Entry<K> other) {
            int byTime = Long.compare(atMs, other.atMs);
            return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
        }
    }

    private final Map<K, Slot<K>> slots = new HashMap<>();
    private final PriorityQueue<Entry<K>> queue = new PriorityQueue<>();
    private long sequence;

    /** Sets or moves the deadline of {@code key}. */
    void set(K key, long dueMs) {
        Slot<K> slot = slots.computeIfAbsent(key, Slot::new);
        slot.dueMs = dueMs;
        if (dueMs < slot.queuedForMs) {
            enqueue(slot);
        }
    }

    void cancel(K key) {
        slots.remove(key);
    }

    void clear() {
        slots.clear();
        queue.clear();
    }

    /** The earliest deadline, or {@link #NEVER}. */
    long nextMs() {
        settleHead();
        Entry<K> head = queue.peek();
        return head == null ? NEVER : head.atMs;
    }

    /** Takes the next key whose deadline is not after {@code nowMs}; null when none is due. */
    @Nullable
    K takeDue(long nowMs) {
        settleHead();
        Entry<K> head = queue.peek();
        if (head == null || head.atMs > nowMs) {
            return null;
        }
        queue.remove();
        slots.remove(head.slot.key);
        return head.slot.key;
    }

    private void enqueue(Slot<K> slot) {
        slot.queuedForMs = slot.dueMs;
        queue.add(new Entry<>(slot.dueMs, sequence++, slot));
    }

    /** Leaves at the head an entry that says the truth. */
    private void settleHead() {
        for (Entry<K> head = queue.peek(); head != null; head = queue.peek()) {
            Slot<K> slot = head.slot;
            boolean live = slots.get(slot.key) == slot;
            if (live && slot.queuedForMs == head.atMs && slot.dueMs == head.atMs) {
                return;
            }
            queue.remove();
            // A later entry may stand for the same slot, when its deadline once moved nearer: only the entry it is
            // queued for speaks for it.
            if (live && slot.queuedForMs == head.atMs) {
                enqueue(slot);
            }
        }
    }
}
