package io.odradek.engine;

/** What "appended" means before anybody is told so ({@code odradek.durability}). */
public sealed interface Durability {

    /** On disk. The default. */
    record Sync() implements Durability {}

    /** In the kernel's page cache: survives the process, not the machine. Kafka's behaviour. */
    record PageCache() implements Durability {}

    /** In the page cache, and synced about every {@code intervalMs} (at least 1). */
    record Interval(long intervalMs) implements Durability {}
}
