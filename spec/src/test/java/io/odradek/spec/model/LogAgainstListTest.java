package io.odradek.spec.model;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.odradek.engine.Durability;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import net.jqwik.api.state.Action;
import net.jqwik.api.state.ActionChain;
import net.jqwik.api.state.ActionChainArbitrary;
import net.jqwik.api.state.Transformer;
import org.slf4j.LoggerFactory;

/**
 * Whatever is done to a log, and however its process ends, it answers as a list of records would: {@link ListedLog} does each
 * operation to both and compares them after it.
 *
 * <p>A failure shows the shortest history found that fails, and its seed. The next run of the test begins with that seed (it is
 * in {@code target/jqwik-database}); anywhere else, {@code @Property(seed = "...")} repeats it. At the end the test prints how
 * often each operation ran and each row of the recovery table was taken; {@code -Djqwik.tries.default} (1000 unless told) says
 * how many histories of each kind are tried.
 */
@PropertyDefaults(edgeCases = EdgeCasesMode.NONE)
class LogAgainstListTest {
    private static final Map<String, Integer> OPERATIONS = new ConcurrentSkipListMap<>();
    private static final Map<String, Integer> ROWS = new ConcurrentSkipListMap<>();
    private static final Pattern ROW = Pattern.compile("recovery table, row ([A-K])");

    /** Hears which rows are taken. */
    private static final class RowCounter extends AppenderBase<ILoggingEvent> {
        @Override
        protected void append(ILoggingEvent event) {
            Matcher row = ROW.matcher(event.getFormattedMessage());
            if (row.find()) {
                ROWS.merge(row.group(1), 1, Integer::sum);
            }
        }
    }

    private static final RowCounter COUNTER = new RowCounter();

    private static Logger engineLog() {
        return (Logger) LoggerFactory.getLogger("io.odradek.engine");
    }

    @BeforeContainer
    static void listen() {
        COUNTER.start();
        engineLog().setAdditive(false);
        engineLog().setLevel(Level.DEBUG);
        engineLog().addAppender(COUNTER);
    }

    @AfterContainer
    static void report() {
        engineLog().detachAppender(COUNTER);
        engineLog().setLevel(null);
        engineLog().setAdditive(true);
        System.out.println("a log against a list, operations run: " + OPERATIONS);
        System.out.println("a log against a list, rows of the recovery table taken: " + ROWS);
    }

    private interface Operation {
        void run(ListedLog log) throws Exception;
    }

    private static Transformer<ListedLog> step(String name, String details, Operation operation) {
        return Transformer.mutate(details.isEmpty() ? name : name + " " + details, log -> {
            OPERATIONS.merge(name, 1, Integer::sum);
            log.perform(() -> operation.run(log));
        });
    }

    /** One operation whose place or size is drawn, 0 to 1: small ones are simple. */
    private static Action.Independent<ListedLog> drawn(String name, DrawnOperation operation) {
        return () -> Arbitraries.integers()
                .between(0, 1000)
                .map(draw -> step(name, draw + "/1000", log -> operation.run(log, draw / 1000.0)));
    }

    private interface DrawnOperation {
        void run(ListedLog log, double draw) throws Exception;
    }

    private static Action.Independent<ListedLog> plain(String name, Operation operation) {
        return () -> Arbitraries.just(step(name, "", operation));
    }

    private static Action.Independent<ListedLog> seeded(String name, SeededOperation operation) {
        return () -> seeds().map(seed -> step(name, "seed " + seed, log -> operation.run(log, seed)));
    }

    private interface SeededOperation {
        void run(ListedLog log, long seed) throws Exception;
    }

    private static Arbitrary<Long> seeds() {
        return Arbitraries.longs().between(0, 1_000_000);
    }

    private static ActionChainArbitrary<ListedLog> histories(Durability durability, boolean compact) {
        ActionChainArbitrary<ListedLog> histories = ActionChain.startWith(() -> new ListedLog(durability, compact))
                .withAction(10, drawn("append", ListedLog::append))
                .withAction(4, drawn("append as producer", ListedLog::appendAsProducer))
                .withAction(2, drawn("retry", ListedLog::retry))
                .withAction(1, drawn("sequence gap", ListedLog::appendWithGap))
                .withAction(1, drawn("new producer epoch", ListedLog::fence))
                .withAction(5, plain("sync", ListedLog::sync))
                .withAction(2, plain("checkpoint", ListedLog::checkpoint))
                .withAction(2, plain("roll", ListedLog::roll))
                .withAction(2, drawn("truncate", ListedLog::truncate))
                .withAction(1, drawn("delete records", ListedLog::deleteRecords))
                .withAction(1, plain("delete files", ListedLog::deleteFiles))
                .withAction(2, plain("stop cleanly", ListedLog::reopen))
                .withAction(2, plain("kill", ListedLog::kill))
                .withAction(3, seeded("lose power", ListedLog::losePower))
                .withAction(1, seeded("lose synced bytes", ListedLog::damage));
        return compact
                ? histories.withAction(3, plain("compact", ListedLog::compact))
                : histories.withAction(2, drawn("retain", ListedLog::retain));
    }

    @Provide
    ActionChainArbitrary<ListedLog> synced() {
        return histories(new Durability.Sync(), false).withMaxTransformations(25);
    }

    @Provide
    ActionChainArbitrary<ListedLog> cached() {
        return histories(new Durability.PageCache(), false).withMaxTransformations(25);
    }

    @Provide
    ActionChainArbitrary<ListedLog> compacted() {
        return histories(new Durability.Sync(), true).withMaxTransformations(25);
    }

    @Property
    void aSyncedLogIsAList(@ForAll("synced") ActionChain<ListedLog> history) {
        history.run();
    }

    @Property
    void aCachedLogIsAList(@ForAll("cached") ActionChain<ListedLog> history) {
        history.run();
    }

    @Property
    void aCompactedLogIsAListOfLastValues(@ForAll("compacted") ActionChain<ListedLog> history) {
        history.run();
    }

    /**
     * Retention takes segments out of the log; a cut finds snapshots that none of the others begins with; a crash before the new
     * start is written down brings the segments back, and what their producers had written counts again.
     */
    @Example
    void aSegmentThatACrashBringsBackStillKnowsItsProducers() {
        ListedLog log = new ListedLog(new Durability.PageCache(), false);
        log.perform(() -> log.appendAsProducer(0));
        log.perform(() -> log.fence(0));
        log.perform(() -> log.append(0));
        log.perform(log::roll);
        log.perform(() -> log.append(0.25));
        log.perform(() -> log.deleteRecords(0.3));
        log.perform(() -> log.append(0.25));
        log.perform(() -> log.retain(0.001));
        log.perform(() -> log.truncate(0));
        log.perform(log::kill);
        log.perform(() -> log.retry(0));
    }

    /** The start was written down before; so recovery deletes the sealed segment, and has its producers from the snapshot alone. */
    @Example
    void aSegmentThatLiesBelowTheStartWhenItIsSealedLeavesItsProducersOnDisk() {
        for (boolean killedBefore : new boolean[] {false, true}) {
            for (Durability durability : List.of(new Durability.Sync(), new Durability.PageCache())) {
                for (int seed = 0; seed < 40; seed++) {
                    int lossSeed = seed;
                    ListedLog log = new ListedLog(durability, false);
                    log.perform(() -> log.appendAsProducer(0));
                    log.perform(log::sync);
                    log.perform(() -> log.deleteRecords(1));
                    log.perform(log::roll);
                    if (killedBefore) {
                        log.perform(log::kill);
                    }
                    log.perform(() -> log.losePower(lossSeed));
                    log.perform(() -> log.retry(0));
                }
            }
        }
    }

    /** After a cut the next roll writes the indexes anew, and nothing else is synced yet. */
    @Example
    void anIndexThatTookThePlaceOfAnotherIsFoundWholeOrNotAtAll() {
        for (int seed = 0; seed < 60; seed++) {
            int lossSeed = seed;
            ListedLog log = new ListedLog(new Durability.Sync(), false);
            log.perform(log::roll);
            log.perform(() -> log.append(0));
            log.perform(() -> log.append(0));
            log.perform(() -> log.truncate(0.25));
            log.perform(() -> log.append(0.75));
            log.perform(log::reopen);
            log.perform(() -> log.truncate(0.572));
            log.perform(log::roll);
            log.perform(() -> log.losePower(lossSeed));
            log.perform(log::roll); // seals the segment, with the index that was found
            for (int looks = 0; looks < 5; looks++) {
                log.perform(log::sync);
            }
        }
    }
}
