package io.odradek.broker.observe;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * What can be read about this broker. Hot paths hold a handle (a {@link LongAdder}, a {@link Histogram}) and know
 * nothing else; owners of a number that exists anyway register a supplier, which is asked only when somebody reads. Names
 * are those under which Kafka's are known from its usual JMX exporter configuration, where Kafka has the metric; ours
 * begin with {@code odradek_}. Any thread.
 */
public final class Metrics {

    /** Names and labels are checked once, here, not at every reading. */
    private static final String NAME = "[a-z][a-z0-9_]*";

    /** Where a number comes from. Suppliers are called on the reader's thread and must be safe there. */
    sealed interface Source {
        record Count(LongSupplier value) implements Source {}

        record Level(DoubleSupplier value) implements Source {}

        /** @param unit what is recorded, divided by what is told */
        record Distribution(Histogram histogram, double unit) implements Source {}
    }

    enum Kind {
        COUNTER,
        GAUGE,
        SUMMARY
    }

    /** One name, with a source for each set of labels; Kafka's have the same name with and without a topic. */
    static final class Family {
        final String name;
        final Kind kind;
        final String help;
        /** By name, value, name, value ... */
        final Map<List<String>, Source> sources = new ConcurrentHashMap<>();
        /** Counters and gauges only. */
        final List<Listing> listings = new CopyOnWriteArrayList<>();

        private Family(String name, Kind kind, String help) {
            this.name = name;
            this.kind = kind;
            this.help = help;
        }
    }

    /**
     * Values of what comes and goes, such as topics. It is asked at each reading for what there is then, so there is nothing to
     * forget and nothing that a late count could bring back.
     */
    public interface Listing {
        /** On the reader's thread. */
        void list(Rows rows);
    }

    /** Takes the values of a {@link Listing}. */
    public interface Rows {
        /** @param labels name, value, name, value ...; the first value wins where two have the same labels */
        void add(double value, String... labels);
    }

    private final Map<String, Family> families = new ConcurrentSkipListMap<>();
    private final List<Runnable> refreshes = new CopyOnWriteArrayList<>();

    /** By name, after everybody has refreshed what they tell. */
    Iterable<Family> read() {
        refreshes.forEach(Runnable::run);
        return families.values();
    }

    /** Runs once before each reading, on the reader's thread: for several metrics that come from one question. */
    public void beforeReading(Runnable refresh) {
        refreshes.add(refresh);
    }

    /**
     * A counter to add to. Asking again with the same name and label values gives the same one.
     *
     * @param name ends in {@code _total}
     * @param labels name, value, name, value ...
     * @throws IllegalArgumentException the name is registered as something else
     */
    public LongAdder counter(String name, String help, String... labels) {
        LongAdder fresh = new LongAdder();
        Source source = family(name, Kind.COUNTER, help, labels)
                .sources
                .computeIfAbsent(List.of(labels), absent -> new Source.Count(new Adder(fresh)));
        if (source instanceof Source.Count(Adder(LongAdder adder))) {
            return adder;
        }
        throw new IllegalArgumentException(name + " " + Arrays.toString(labels) + " has a supplier");
    }

    /** As a type, so that {@link #counter} finds its adder again. */
    private record Adder(LongAdder adder) implements LongSupplier {
        @Override
        public long getAsLong() {
            return adder.sum();
        }
    }

    /** A counter that its owner keeps: a value that only grows, such as a field with a single writer. */
    public void counter(String name, String help, LongSupplier value, String... labels) {
        put(name, Kind.COUNTER, help, new Source.Count(value), labels);
    }

    /** A level that is asked for when somebody reads; NaN leaves it out. */
    public void gauge(String name, String help, DoubleSupplier value, String... labels) {
        put(name, Kind.GAUGE, help, new Source.Level(value), labels);
    }

    /** Counters of what comes and goes. */
    public void counters(String name, String help, Listing listing) {
        family(name, Kind.COUNTER, help).listings.add(listing);
    }

    /** Levels of what comes and goes; NaN leaves one out. */
    public void gauges(String name, String help, Listing listing) {
        family(name, Kind.GAUGE, help).listings.add(listing);
    }

    /** Durations, recorded in nanoseconds and told in milliseconds as Kafka's are. Asking again gives the same one. */
    public Histogram latency(String name, String help, String... labels) {
        return distribution(1e6, name, help, labels);
    }

    /** Sizes, told as they are recorded. Asking again gives the same one. */
    public Histogram sizes(String name, String help, String... labels) {
        return distribution(1, name, help, labels);
    }

    private Histogram distribution(double unit, String name, String help, String... labels) {
        Source source = family(name, Kind.SUMMARY, help, labels)
                .sources
                .computeIfAbsent(List.of(labels), absent -> new Source.Distribution(new Histogram(), unit));
        if (source instanceof Source.Distribution(Histogram histogram, var _)) {
            return histogram;
        }
        throw new IllegalArgumentException(name + " is no distribution");
    }

    private void put(String name, Kind kind, String help, Source source, String... labels) {
        family(name, kind, help, labels).sources.put(List.of(labels), source);
    }

    private Family family(String name, Kind kind, String help, String... labels) {
        if (!name.matches(NAME) || labels.length % 2 != 0 || name.endsWith("_total") != (kind == Kind.COUNTER)) {
            throw new IllegalArgumentException("a " + kind + " named " + name + " with labels "
                    + Arrays.toString(labels) + "; counters, and only they, end in _total");
        }
        Family family = families.computeIfAbsent(name, absent -> new Family(name, kind, help));
        if (family.kind != kind) {
            throw new IllegalArgumentException(name + " is a " + family.kind);
        }
        return family;
    }
}
