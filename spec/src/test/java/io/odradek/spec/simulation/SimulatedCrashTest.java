package io.odradek.spec.simulation;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.io.GroupSync.Strategy;
import io.odradek.engine.io.StoreFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a simulated crash may lose, what it may not, and what faults can be asked for. */
class SimulatedCrashTest {
    private static final Path DATA = Path.of("/data");
    private static final int SEEDS = 400;

    private SimulatedFileStore store = prepared(0);

    @BeforeEach
    void freshStore() {
        store = prepared(0);
    }

    private static SimulatedFileStore prepared(long seed) {
        try {
            SimulatedFileStore store = new SimulatedFileStore(seed);
            store.prepare(DATA);
            return store;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Path at(String name) {
        return DATA.resolve(name);
    }

    private static void append(StoreFile file, String text) throws IOException {
        file.append(new ByteBuffer[] {ByteBuffer.wrap(text.getBytes(ISO_8859_1))}, 1);
    }

    private static void write(StoreFile file, String text, long position) throws IOException {
        file.write(ByteBuffer.wrap(text.getBytes(ISO_8859_1)), position);
    }

    private static String content(FileStore store, Path path) {
        try (StoreFile file = store.open(path, OpenMode.READ_ONLY)) {
            ByteBuffer target = ByteBuffer.allocate((int) file.size());
            file.read(target, 0);
            return ISO_8859_1.decode(target.flip()).toString();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** A file that is durable with its entry. */
    private StoreFile durable(String name, String text) throws IOException {
        StoreFile file = store.open(at(name), OpenMode.READ_WRITE);
        append(file, text);
        file.sync();
        store.syncDirectory(DATA);
        return file;
    }

    /** Everything on a disk: paths, and contents of files. */
    private static Map<String, String> dump(SimulatedFileStore store) {
        TreeMap<String, String> dump = new TreeMap<>();
        dump(store, Path.of("/"), dump);
        return dump;
    }

    private static void dump(SimulatedFileStore store, Path directory, Map<String, String> dump) {
        try {
            for (Path entry : store.list(directory)) {
                if (store.isDirectory(entry)) {
                    dump.put(entry + "/", "");
                    dump(store, entry, dump);
                } else {
                    dump.put(entry.toString(), content(store, entry));
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private interface Look {
        String at(SimulatedFileStore store);
    }

    /** What {@code look} sees over many crashes of the same run. */
    private Set<String> outcomes(Look look) {
        TreeSet<String> outcomes = new TreeSet<>();
        for (long seed = 0; seed < SEEDS; seed++) {
            outcomes.add(look.at(store.afterCrash(seed)));
        }
        return outcomes;
    }

    private Set<String> outcomesOf(String name) {
        return outcomes(after -> after.exists(at(name)) ? content(after, at(name)) : "(missing)");
    }

    // ---- what survives
    // -----------------------------------------------------------------------------------------------

    @Property(tries = 300)
    void whatWasSyncedSurvivesEveryCrashAndNothingIsInvented(@ForAll long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        SimulatedFileStore run = prepared(seed);
        run.crashAtOperation(random.nextInt(1, 120));
        Map<Path, StringBuilder> written = new HashMap<>();
        Map<Path, String> synced = new HashMap<>();
        List<StoreFile> files = new ArrayList<>();
        try {
            while (true) {
                if (files.isEmpty() || random.nextInt(15) == 0) {
                    StoreFile file = run.open(at("f" + files.size()), OpenMode.CREATE_NEW);
                    files.add(file);
                    written.put(file.path(), new StringBuilder());
                    run.syncDirectory(DATA);
                    synced.put(file.path(), "");
                }
                StoreFile file = files.get(random.nextInt(files.size()));
                if (random.nextInt(3) == 0) {
                    file.sync();
                    synced.put(file.path(), String.valueOf(written.get(file.path())));
                } else if (random.nextInt(20) == 0) {
                    run.syncFileSystem(DATA);
                    written.forEach((path, text) -> synced.put(path, text.toString()));
                } else {
                    String text =
                            String.valueOf((char) random.nextInt('a', 'z')).repeat(random.nextInt(1, 3_000));
                    StringBuilder known = written.get(file.path());
                    if (known != null) {
                        known.append(text); // before: the crash may come after it took effect
                    }
                    append(file, text);
                }
            }
        } catch (SimulatedCrash crashed) {
            for (long crash = 0; crash < 10; crash++) {
                SimulatedFileStore after = run.afterCrash(crash);
                synced.forEach((path, durable) -> {
                    String found = content(after, path);
                    String all = String.valueOf(written.get(path));
                    assertThat(found).startsWith(durable);
                    assertThat(found.length()).isLessThanOrEqualTo(all.length());
                    for (int i = durable.length(); i < found.length(); i++) {
                        assertThat(found.charAt(i)).isIn('\0', all.charAt(i));
                    }
                });
            }
        }
    }

    @Test
    void anUnsyncedCreationIsLostOrKept() throws IOException {
        StoreFile file = store.open(at("a"), OpenMode.CREATE_NEW);
        append(file, "x");
        file.sync();
        assertThat(outcomesOf("a")).as("content synced, entry not").containsExactlyInAnyOrder("(missing)", "x");
    }

    @Test
    void anUnsyncedDirectoryIsLostWithAllThatIsSyncedInIt() throws IOException {
        store.createDirectories(at("d"));
        try (StoreFile file = store.open(at("d/a"), OpenMode.CREATE_NEW)) {
            append(file, "x");
            file.sync();
            store.syncDirectory(at("d"));
        }
        assertThat(outcomesOf("d/a")).containsExactlyInAnyOrder("(missing)", "x");
    }

    @Test
    void anUnsyncedDeletionIsLostOrKept() throws IOException {
        durable("a", "x").close();
        store.delete(at("a"));
        assertThat(outcomesOf("a")).containsExactlyInAnyOrder("(missing)", "x");
    }

    @Test
    void anUnsyncedRenameIsLostOrKeptButNeverHalfDone() throws IOException {
        durable("a", "new").close();
        durable("b", "old").close();
        store.rename(at("a"), at("b"));
        assertThat(outcomes(after -> dump(after).toString()))
                .containsExactlyInAnyOrder("{/data/=, /data/a=new, /data/b=old}", "{/data/=, /data/b=new}");
    }

    @Test
    void aRenameChainLeavesTheFileUnderOneName() throws IOException {
        durable("a", "x").close();
        store.rename(at("a"), at("b"));
        store.rename(at("b"), at("c"));
        assertThat(outcomes(after -> dump(after).toString()))
                .containsExactlyInAnyOrder("{/data/=, /data/a=x}", "{/data/=, /data/b=x}", "{/data/=, /data/c=x}");
    }

    @Test
    void aRenameBetweenDirectoriesNeedsBothSyncedAndTheTargetFirst() throws IOException {
        store.prepare(at("d"));
        durable("a", "x").close();
        store.rename(at("a"), at("d/a"));
        assertThat(outcomes(after -> dump(after).toString()))
                .as("neither synced: one effect")
                .containsExactlyInAnyOrder("{/data/=, /data/a=x, /data/d/=}", "{/data/=, /data/d/=, /data/d/a=x}");

        SimulatedFileStore targetSynced = store.afterKill();
        targetSynced.syncDirectory(at("d"));
        store = targetSynced;
        assertThat(outcomes(after -> dump(after).toString()))
                .as("target synced: at worst both names")
                .containsExactlyInAnyOrder(
                        "{/data/=, /data/a=x, /data/d/=, /data/d/a=x}", "{/data/=, /data/d/=, /data/d/a=x}");
    }

    @Test
    void syncingOnlyTheSourceOfARenameCanLoseTheFile() throws IOException {
        store.prepare(at("d"));
        durable("a", "x").close();
        store.rename(at("a"), at("d/a"));
        store.syncDirectory(DATA);
        assertThat(outcomesOf("d/a")).containsExactlyInAnyOrder("(missing)", "x");
        assertThat(outcomesOf("a")).containsExactly("(missing)");
    }

    @Test
    void directoriesLoseTheirEntriesIndependently() throws IOException {
        store.prepare(at("d"));
        store.prepare(at("e"));
        store.open(at("d/a"), OpenMode.CREATE_NEW).close();
        store.open(at("e/b"), OpenMode.CREATE_NEW).close();
        assertThat(outcomes(after -> after.exists(at("d/a")) + " " + after.exists(at("e/b"))))
                .containsExactlyInAnyOrder("false false", "false true", "true false", "true true");
    }

    @Test
    void aSyncedDirectoryKeepsWhatHappenedInItForEverySeed() throws IOException {
        durable("gone", "x").close();
        durable("a", "y").close();
        store.delete(at("gone"));
        store.rename(at("a"), at("b"));
        store.syncDirectory(DATA);
        assertThat(outcomes(after -> dump(after).toString())).containsExactly("{/data/=, /data/b=y}");
    }

    @Test
    void anUnsyncedAppendIsLostKeptCutOrLeftAsZeros() throws IOException {
        String more = "y".repeat(10_000);
        StoreFile file = durable("a", "x".repeat(100));
        append(file, more);
        Set<String> outcomes = outcomesOf("a");
        String kept = "x".repeat(100);
        assertThat(outcomes)
                .as("lost, kept, grown with nothing in it")
                .contains(kept, kept + more)
                .anyMatch(found -> found.length() > 5_000 && found.indexOf('y') < 0)
                .as("a later page without an earlier one")
                .anyMatch(found -> found.length() > 9_000 && found.charAt(5_000) == 0 && found.charAt(8_500) == 'y')
                .as("cut within a sector")
                .anyMatch(found -> found.length() % 512 != 0 && found.length() != 100 && found.length() != 10_100)
                .allMatch(found -> found.startsWith(kept));
    }

    @Test
    void sectorsOfAPageSurviveOneByOne() throws IOException {
        StoreFile file = durable("a", "x".repeat(4_096));
        write(file, "y".repeat(4_096), 0);
        Set<String> outcomes = outcomesOf("a");
        assertThat(outcomes)
                .contains("x".repeat(4_096), "y".repeat(4_096))
                .anyMatch(found -> found.startsWith("x".repeat(512) + "y".repeat(512)))
                .anyMatch(found -> found.startsWith("y".repeat(512) + "x".repeat(512)));
        assertThat(outcomes).as("the last sector may be torn").anyMatch(found -> {
            String last = found.substring(4_096 - 512);
            return last.charAt(0) == 'y' && last.charAt(511) == 'x';
        });
    }

    @Test
    void aCrashCanShowTheStateBetweenTwoWrites() throws IOException {
        StoreFile file = durable("a", "1");
        write(file, "2", 0);
        write(file, "3", 0);
        assertThat(outcomesOf("a")).containsExactlyInAnyOrder("1", "2", "3");
    }

    @Test
    void anUnsyncedTruncationIsLostOrKept() throws IOException {
        StoreFile file = durable("a", "x".repeat(9_000));
        file.truncate(10);
        assertThat(outcomesOf("a")).contains("x".repeat(9_000), "x".repeat(10));
        SimulatedFileStore killed = store.afterKill();
        StoreFile again = killed.open(at("a"), OpenMode.READ_WRITE);
        again.sync();
        store = killed;
        assertThat(outcomesOf("a")).containsExactly("x".repeat(10));
    }

    @Test
    void fileSystemSyncMakesEverythingDurable() throws IOException {
        store.createDirectories(at("d/e"));
        durable("gone", "x").close();
        append(store.open(at("d/e/a"), OpenMode.CREATE_NEW), "y".repeat(20_000));
        store.delete(at("gone"));
        store.rename(at("d"), at("f"));
        store.syncFileSystem(DATA);
        assertThat(outcomes(after -> dump(after).toString()))
                .containsExactly("{/data/=, /data/f/=, /data/f/e/=, /data/f/e/a=" + "y".repeat(20_000) + "}");
    }

    @Test
    void fileSystemSyncStopsAtAMount() throws IOException {
        store.prepare(at("mounted"));
        store.mount(at("mounted"));
        StoreFile file = store.open(at("mounted/a"), OpenMode.CREATE_NEW);
        append(file, "x");
        store.syncFileSystem(at("mounted"));
        append(file, "y");
        store.syncFileSystem(DATA);
        assertThat(file.fileSystemId()).isNotEqualTo(store.fileSystemId(DATA));
        assertThat(outcomesOf("mounted/a")).contains("x", "xy");
    }

    // ---- repeatability
    // -----------------------------------------------------------------------------------------------

    @Test
    void theSameSeedGivesTheSameDiskByteForByte() throws IOException {
        List<Map<String, String>> first = new ArrayList<>();
        List<Map<String, String>> second = new ArrayList<>();
        for (List<Map<String, String>> disks : List.of(first, second)) {
            SimulatedFileStore run = prepared(5);
            run.injectFaults(new DiskFaults(0, 0.05, 0, 0));
            SplittableRandom random = new SplittableRandom(9);
            for (int i = 0; i < 200; i++) {
                try (StoreFile file = run.open(at("f" + random.nextInt(5)), OpenMode.READ_WRITE)) {
                    append(file, "abc".repeat(random.nextInt(2_000)));
                    if (random.nextInt(4) == 0) {
                        file.sync();
                    }
                } catch (IOException injected) {
                    assertThat(injected).hasMessageContaining("Input/output error");
                }
            }
            for (long seed = 0; seed < 20; seed++) {
                disks.add(dump(run.afterCrash(seed)));
                assertThat(dump(run.afterCrash(seed))).isEqualTo(disks.getLast());
            }
        }
        assertThat(first).isEqualTo(second);
        assertThat(new TreeSet<>(first.stream().map(Object::toString).toList())).hasSizeGreaterThan(5);
    }

    @Test
    void everyOperationCanBeTheLast() throws IOException {
        SimulatedFileStore whole = prepared(1);
        script(whole);
        long operations = whole.operations();
        assertThat(whole.trace()).hasSize((int) operations);
        for (long n = 1; n <= operations; n++) {
            SimulatedFileStore run = prepared(1);
            run.crashAtOperation(n);
            assertThatThrownBy(() -> script(run)).isInstanceOf(SimulatedCrash.class);
            assertThat(run.operations()).isEqualTo(n);
            assertThat(run.trace()).isEqualTo(whole.trace().subList(0, (int) n));
            assertThat(run.crashed()).isTrue();
            assertThatThrownBy(() -> run.exists(DATA)).isInstanceOf(SimulatedCrash.class);
            assertThatThrownBy(() -> run.open(at("x"), OpenMode.READ_WRITE)).isInstanceOf(SimulatedCrash.class);
            assertThat(run.afterCrash(n).exists(DATA)).isTrue();
        }
    }

    private static void script(SimulatedFileStore run) throws IOException {
        run.createDirectories(at("d/e"));
        try (StoreFile file = run.open(at("d/e/a"), OpenMode.CREATE_NEW)) {
            append(file, "x".repeat(5_000));
            file.write(ByteBuffer.wrap(new byte[10]), 100);
            file.truncate(1_000);
            file.sync();
        }
        run.syncDirectory(at("d/e"));
        run.rename(at("d/e/a"), at("d/e/b"));
        run.syncFileSystem(DATA);
        run.delete(at("d/e/b"));
    }

    @Test
    void theTraceIsReadable() throws IOException {
        script(store);
        assertThat(store.trace())
                .containsExactly(
                        "#1 mkdir /data/d",
                        "#2 mkdir /data/d/e",
                        "#3 create /data/d/e/a",
                        "#4 append /data/d/e/a 5000 bytes at 0",
                        "#5 write /data/d/e/a 10 bytes at 100",
                        "#6 truncate /data/d/e/a from 5000 to 1000",
                        "#7 sync /data/d/e/a",
                        "#8 syncdir /data/d/e",
                        "#9 rename /data/d/e/a to /data/d/e/b",
                        "#10 syncfs /data",
                        "#11 delete /data/d/e/b");
    }

    // ---- kills and locks
    // ---------------------------------------------------------------------------------------------

    @Test
    void aKillLosesNothingAndSyncsNothing() throws IOException {
        append(store.open(at("a"), OpenMode.CREATE_NEW), "x");
        SimulatedFileStore next = store.afterKill();
        assertThatThrownBy(() -> store.exists(DATA)).isInstanceOf(SimulatedCrash.class);
        assertThat(content(next, at("a"))).isEqualTo("x");
        store = next;
        assertThat(outcomesOf("a")).contains("(missing)", "x");
    }

    @Test
    void locksEndWithTheCrashAndWithTheKill() throws Exception {
        AutoCloseable lock = store.lock(at(".lock"));
        SimulatedFileStore killed = store.afterKill();
        AutoCloseable second = killed.lock(at(".lock"));
        lock.close();
        SimulatedFileStore crashed = killed.afterCrash(1);
        crashed.lock(at(".lock")).close();
        second.close();
    }

    // ---- faults
    // ------------------------------------------------------------------------------------------------------

    @Test
    void afterAFailedSyncTheCachedDataIsSeenUntilTheCrashAndThenSomeOfItIsGone() throws IOException {
        TreeSet<String> found = new TreeSet<>();
        for (int seed = 0; seed < 50; seed++) {
            store = prepared(seed);
            StoreFile file = durable("a", "old");
            write(file, "new", 0);
            store.failSync(1);
            assertThatIOException().isThrownBy(file::sync);
            assertThat(content(store, at("a"))).isEqualTo("new");
            // The next process reads the same page cache, syncs, is told all is well, and has synced nothing.
            SimulatedFileStore next = store.afterKill();
            try (StoreFile again = next.open(at("a"), OpenMode.READ_WRITE)) {
                again.sync();
            }
            assertThat(content(next, at("a"))).isEqualTo("new");
            found.add(content(next.afterCrash(seed), at("a")));
        }
        assertThat(found).containsExactlyInAnyOrder("old", "new");
    }

    @Test
    void aFailedSyncStopsTheFileItsOtherOpeningsAndTheGroups() throws IOException {
        StoreFile file = durable("a", "x");
        StoreFile bystander = durable("b", "y");
        append(file, "z");
        store.failSync(1);
        assertThatIOException().isThrownBy(file::sync);
        assertThatIOException().isThrownBy(file::sync).withMessageContaining("an earlier sync failed");
        assertThatIOException().isThrownBy(file::size).withMessageContaining("an earlier sync failed");
        assertThatIOException().isThrownBy(() -> append(file, "z")).withMessageContaining("an earlier sync failed");
        try (StoreFile other = store.open(at("a"), OpenMode.READ_WRITE)) {
            assertThatIOException().isThrownBy(other::sync).withMessageContaining("an earlier sync failed");
        }
        assertThat(store.syncFailure(DATA)).isNotNull();
        assertThat(store.syncFailure(at("b"))).isNull();
        assertThatIOException().isThrownBy(() -> store.syncFileSystem(DATA));
        assertThatIOException().isThrownBy(() -> store.syncDirectory(DATA));
        for (Strategy strategy : Strategy.values()) {
            GroupSync groupSync = new GroupSync(store, DATA, strategy);
            assertThatIOException()
                    .as("another file's failure, %s", strategy)
                    .isThrownBy(() -> groupSync.sync(new StoreFile[] {bystander}, 1))
                    .withMessageContaining("an earlier sync failed");
        }
    }

    @ParameterizedTest
    @EnumSource(Strategy.class)
    void aGroupWhoseSyncFailsIsTheLast(Strategy strategy) throws IOException {
        StoreFile file = durable("a", "x");
        GroupSync groupSync = new GroupSync(store, DATA, strategy);
        append(file, "y");
        store.failSync(1);
        assertThatIOException().isThrownBy(() -> groupSync.sync(new StoreFile[] {file}, 1));
        assertThatIOException().isThrownBy(() -> groupSync.sync(new StoreFile[] {file}, 1));
        assertThat(groupSync.counts().groups()).isZero();
    }

    @ParameterizedTest
    @EnumSource(Strategy.class)
    void whatAGroupMadeDurableSurvivesEveryCrash(Strategy strategy) throws IOException {
        store.prepare(at("mounted"));
        store.mount(at("mounted"));
        GroupSync groupSync = new GroupSync(store, DATA, strategy);
        StoreFile[] files = new StoreFile[20];
        TreeMap<String, String> expected = new TreeMap<>(Map.of("/data/", "", "/data/mounted/", ""));
        for (int i = 0; i < files.length; i++) {
            files[i] = store.open(at(i == 7 ? "mounted/f7" : "f" + i), OpenMode.CREATE_NEW);
            append(files[i], "x".repeat(700 * i));
            expected.put(files[i].path().toString(), "x".repeat(700 * i));
        }
        store.syncDirectory(DATA);
        store.syncDirectory(at("mounted"));
        groupSync.sync(files, files.length);
        for (long seed = 0; seed < SEEDS; seed++) {
            assertThat(dump(store.afterCrash(seed))).isEqualTo(expected);
        }
    }

    @Test
    void aFullDiskTakesAPrefixAndSaysSo() throws IOException {
        StoreFile file = durable("a", "x");
        store.limitFreeBytes(10);
        assertThat(store.usableBytes(DATA)).isEqualTo(10);
        assertThatIOException()
                .isThrownBy(() -> append(file, "0123456789ABC"))
                .withMessageContaining("No space left on device")
                .withMessageContaining("/data/a at byte 11");
        assertThat(content(store, at("a"))).isEqualTo("x0123456789");
        assertThat(store.usableBytes(DATA)).isZero();
        write(file, "y", 0); // overwriting needs no room
        file.truncate(6);
        assertThat(store.usableBytes(DATA)).isEqualTo(5);
        append(file, "back");
        assertThat(content(store, at("a"))).isEqualTo("y01234back");
        store.delete(at("a"));
        assertThat(store.usableBytes(DATA)).isEqualTo(11);
    }

    @Test
    void aFailedWriteLeavesSomePrefix() throws IOException {
        TreeSet<Integer> lengths = new TreeSet<>();
        for (int seed = 0; seed < 100; seed++) {
            store = prepared(seed);
            StoreFile file = durable("a", "");
            store.failWrite(2);
            append(file, "x");
            assertThatIOException().isThrownBy(() -> append(file, "yyyy"));
            lengths.add(content(store, at("a")).length());
            assertThat("xyyyy").startsWith(content(store, at("a")));
        }
        assertThat(lengths).containsExactly(1, 2, 3, 4);
    }

    @Test
    void readsFailWhenTold() throws IOException {
        StoreFile file = durable("a", "x");
        store.failRead(2);
        assertThat(content(store, at("a"))).isEqualTo("x");
        assertThatIOException()
                .isThrownBy(() -> file.read(ByteBuffer.allocate(1), 0))
                .withMessageContaining("/data/a at byte 0");
        assertThat(content(store, at("a"))).isEqualTo("x");
    }

    @Test
    void aDecayedByteIsWrongNowAndAfterACrash() throws IOException {
        StoreFile file = durable("a", "abc");
        append(file, "d".repeat(5_000));
        store.corrupt(at("a"), 1, 0x01);
        assertThat(content(store, at("a"))).startsWith("acc");
        assertThat(outcomesOf("a")).allMatch(found -> found.startsWith("acc"));
        assertThatThrownBy(() -> store.corrupt(at("a"), 9_999, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aBitFlippedInReadingIsRightOnTheNextRead() throws IOException {
        durable("a", "aaaa").close();
        store.injectFaults(new DiskFaults(0, 0, 0, 1));
        String wrong = content(store, at("a"));
        assertThat(differingBits(wrong, "aaaa")).isEqualTo(1);
        store.injectFaults(DiskFaults.NONE);
        assertThat(content(store, at("a"))).isEqualTo("aaaa");
    }

    private static int differingBits(String left, String right) {
        int bits = 0;
        for (int i = 0; i < left.length(); i++) {
            bits += Integer.bitCount(left.charAt(i) ^ right.charAt(i));
        }
        return bits;
    }

    @Test
    void appendingThroughTwoOpeningsAtATimeIsAMistake() throws IOException {
        StoreFile one = durable("a", "x");
        StoreFile two = store.open(at("a"), OpenMode.READ_WRITE);
        append(two, "y");
        assertThatThrownBy(() -> append(one, "z")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void withoutFileSystemSyncGroupsFallBack() throws IOException {
        store.refuseFileSystemSync();
        assertThat(store.canSyncFileSystem(DATA)).isFalse();
        GroupSync groupSync = new GroupSync(store, DATA, Strategy.SYNCFS);
        groupSync.sync(new StoreFile[] {durable("a", "x")}, 1);
        assertThat(groupSync.counts().fdatasyncGroups()).isEqualTo(1);
        assertThat(groupSync.counts().lastSyncfsNanos()).isZero();
    }
}
