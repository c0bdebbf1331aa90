package io.odradek.spec.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.odradek.engine.io.DirectoryLockedException;
import io.odradek.engine.io.FileStore;
import io.odradek.engine.io.FileStore.OpenMode;
import io.odradek.engine.io.GroupSync;
import io.odradek.engine.io.GroupSync.Strategy;
import io.odradek.engine.io.StoreFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link FileStore} and {@link StoreFile} promise, sentence by sentence. Every store runs it. */
abstract class FileStoreContract {
    private FileStore store;
    private Path directory;

    abstract FileStore createStore();

    /** An existing, empty directory of the store. */
    abstract Path createDirectory() throws IOException;

    /** What the store's clock says. */
    abstract long nowMs();

    @BeforeEach
    void openStore() throws IOException {
        store = createStore();
        directory = createDirectory();
    }

    FileStore store() {
        return store;
    }

    Path directory() {
        return directory;
    }

    private Path at(String name) {
        return directory.resolve(name);
    }

    private StoreFile create(String name) throws IOException {
        return store.open(at(name), OpenMode.CREATE_NEW);
    }

    private void write(String name, String content) throws IOException {
        try (StoreFile file = store.open(at(name), OpenMode.READ_WRITE)) {
            file.truncate(0);
            append(file, content);
        }
    }

    private String content(String name) throws IOException {
        try (StoreFile file = store.open(at(name), OpenMode.READ_ONLY)) {
            return content(file);
        }
    }

    private static void append(StoreFile file, String... parts) throws IOException {
        ByteBuffer[] sources = Arrays.stream(parts)
                .map(part -> ByteBuffer.wrap(part.getBytes(UTF_8)))
                .toArray(ByteBuffer[]::new);
        file.append(sources, sources.length);
    }

    private static String content(StoreFile file) throws IOException {
        return read(file, 0, (int) file.size());
    }

    private static String read(StoreFile file, long position, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(length);
        int read = file.read(target, position);
        assertThat(target.position()).isEqualTo(read);
        return UTF_8.decode(target.flip()).toString();
    }

    @Test
    void piecesOfAllSizesAreAppendedInTheirOrder() throws IOException {
        Random random = new Random(5);
        StringBuilder all = new StringBuilder();
        try (StoreFile file = create("a")) {
            for (int round = 0; round < 100; round++) {
                int most = random.nextBoolean() ? 100 : 5000;
                String[] pieces = new String[random.nextInt(300)];
                for (int i = 0; i < pieces.length; i++) {
                    char c = (char) ('a' + random.nextInt(26));
                    pieces[i] = String.valueOf(c)
                            .repeat(random.nextInt(10) == 0 ? random.nextInt(most) : random.nextInt(300));
                    all.append(pieces[i]);
                }
                append(file, pieces);
                assertThat(file.size()).as("round %d", round).isEqualTo(all.length());
            }
            assertThat(content(file)).isEqualTo(all.toString());
        }
    }

    @Test
    void aPreallocatedFileIsAppendedToWhereItEndedBefore() throws IOException {
        try (StoreFile file = create("a")) {
            append(file, "one");
            file.preallocate(10_000);
            assertThat(file.size()).isEqualTo(10_000);
            append(file, "two", "three");
            file.sync();
            append(file, "four");
            assertThat(file.size()).isEqualTo(10_000);
            assertThat(read(file, 0, 15)).isEqualTo("onetwothreefour");
            assertThat(read(file, 15, 10_000)).isEqualTo("\0".repeat(9_985));
            file.preallocate(500);
            assertThat(file.size()).isEqualTo(10_000);
            file.truncate(11);
            append(file, "!");
            assertThat(content(file)).isEqualTo("onetwothree!");
        }
    }

    @Test
    void aFileMayBePreallocatedStepByStep() throws IOException {
        try (StoreFile file = create("a")) {
            append(file, "one");
            file.preallocate(20);
            append(file, "two");
            file.preallocate(30_000);
            append(file, "three");
            assertThat(file.size()).isEqualTo(30_000);
            assertThat(read(file, 0, 11)).isEqualTo("onetwothree");
            assertThat(read(file, 11, 30_000)).isEqualTo("\0".repeat(29_989));
            append(file, "x".repeat(40_000)); // beyond
            file.preallocate(50_000);
            append(file, "four");
            file.truncate(40_015);
            assertThat(content(file)).isEqualTo("onetwothree" + "x".repeat(40_000) + "four");
        }
    }

    /** Whatever is preallocated when, and however long the pieces: the file is what was appended, and zeros. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void whatIsPreallocatedIsWrittenAsAnythingElse(long seed) throws IOException {
        Random random = new Random(seed);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        long length = 0;
        try (StoreFile file = create("a")) {
            for (int round = 0; round < 400; round++) {
                switch (random.nextInt(12)) {
                    case 0, 1, 2 -> {
                        length = Math.max(length, all.size() + random.nextInt(200_000));
                        file.preallocate(length);
                    }
                    case 3 -> {
                        int end = random.nextInt(all.size() + 1);
                        file.truncate(end);
                        byte[] left = Arrays.copyOf(all.toByteArray(), end);
                        all.reset();
                        all.writeBytes(left);
                        length = end;
                    }
                    case 4 -> file.sync();
                    default -> {
                        int most = new int[] {40, 500, 6_000, 30_000}[random.nextInt(4)];
                        ByteBuffer[] pieces = new ByteBuffer[1 + random.nextInt(4)];
                        for (int i = 0; i < pieces.length; i++) {
                            byte[] bytes = new byte[random.nextInt(most)];
                            random.nextBytes(bytes);
                            all.writeBytes(bytes);
                            pieces[i] = random.nextBoolean()
                                    ? ByteBuffer.wrap(bytes)
                                    : ByteBuffer.allocateDirect(bytes.length)
                                            .put(bytes)
                                            .flip();
                        }
                        file.append(pieces, pieces.length);
                        for (ByteBuffer piece : pieces) {
                            assertThat(piece.hasRemaining()).isFalse();
                        }
                    }
                }
                length = Math.max(length, all.size());
                assertThat(file.size()).as("seed %d round %d", seed, round).isEqualTo(length);
                if (round % 20 == 0 || round > 390) {
                    ByteBuffer found = ByteBuffer.allocate((int) length);
                    assertThat(file.read(found, 0)).isEqualTo((int) length);
                    byte[] wanted = Arrays.copyOf(all.toByteArray(), (int) length);
                    assertThat(Arrays.mismatch(found.array(), wanted))
                            .as("seed %d round %d: first byte that differs", seed, round)
                            .isEqualTo(-1);
                }
            }
        }
    }

    @Test
    void appendsBeyondWhatWasPreallocatedLengthenTheFile() throws IOException {
        try (StoreFile file = create("a")) {
            file.preallocate(4);
            append(file, "longer");
            assertThat(content(file)).isEqualTo("longer");
        }
    }

    @Test
    void aFileWasModifiedWhenItsContentLastChanged() throws IOException {
        long before = nowMs();
        write("a", "x");
        long modified = store.lastModifiedMs(at("a"));
        assertThat(modified).isBetween(before - 100, nowMs() + 100);
        store.rename(at("a"), at("b"));
        assertThat(store.lastModifiedMs(at("b"))).isEqualTo(modified);
        assertThat(content("b")).isEqualTo("x");
        assertThat(store.lastModifiedMs(at("b"))).isEqualTo(modified);
        assertThatThrownBy(() -> store.lastModifiedMs(at("a"))).isInstanceOf(NoSuchFileException.class);
        store.setLastModified(at("b"), 1_234_567);
        assertThat(store.lastModifiedMs(at("b"))).isEqualTo(1_234_567);
        assertThatThrownBy(() -> store.setLastModified(at("a"), 0)).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void statusTellsKindSizeAndWhenItWasChanged() throws IOException {
        assertThat(store.status(at("a"))).isNull();
        write("a", "four");
        FileStore.Status file = status("a");
        assertThat(file.isDirectory()).isFalse();
        assertThat(file.sizeBytes()).isEqualTo(4);
        assertThat(file.modifiedNs() / 1_000_000).isEqualTo(store.lastModifiedMs(at("a")));
        store.setLastModified(at("a"), 5_000);
        assertThat(status("a").modifiedNs()).isEqualTo(5_000_000_000L);
        try (StoreFile opened = store.open(at("a"), OpenMode.READ_WRITE)) {
            opened.truncate(1);
        }
        assertThat(status("a").sizeBytes()).isEqualTo(1);
        assertThat(status("a").modifiedNs()).isNotEqualTo(5_000_000_000L);

        store.createDirectories(at("d"));
        FileStore.Status directory = status("d");
        assertThat(directory.isDirectory()).isTrue();
        assertThat(directory.modifiedNs() / 1_000_000).isBetween(nowMs() - 60_000, nowMs() + 60_000);
        assertThat(status("d")).as("looked at again").isEqualTo(directory);
    }

    /** Not when a file in it is written: whoever wants to know looks at the file. */
    @Test
    void aDirectoryIsChangedByNamesThatComeAndGo() throws Exception {
        store.createDirectories(at("d"));
        List<Long> times = new ArrayList<>();
        times.add(status("d").modifiedNs());
        changeLater(() -> write("d/a", "x"), times);
        changeLater(() -> store.rename(at("d/a"), at("d/b")), times);
        changeLater(() -> store.delete(at("d/b")), times);
        assertThat(times).doesNotHaveDuplicates();
        write("d/a", "x");
        long before = status("d").modifiedNs();
        changeLater(() -> write("d/a", "other"), new ArrayList<>());
        assertThat(status("d").modifiedNs()).isEqualTo(before);
    }

    private interface Change {
        void make() throws IOException;
    }

    /** When the disk's clock, which may be a coarse one, has gone on. */
    private void changeLater(Change change, List<Long> times) throws IOException {
        long before = status("d").modifiedNs();
        int probes = 0;
        do {
            write("probe" + probes, "x");
        } while (status("probe" + probes++).modifiedNs() <= before);
        change.make();
        times.add(status("d").modifiedNs());
    }

    private FileStore.Status status(String name) throws IOException {
        FileStore.Status status = store.status(at(name));
        if (status == null) {
            throw new AssertionError(name + " is not there");
        }
        return status;
    }

    // ---- opening
    // -----------------------------------------------------------------------------------------------------

    @Test
    void createNewMakesAnEmptyFile() throws IOException {
        try (StoreFile file = create("a")) {
            assertThat(file.size()).isZero();
            assertThat(file.path()).isEqualTo(at("a"));
        }
        assertThat(store.exists(at("a"))).isTrue();
        assertThat(store.isDirectory(at("a"))).isFalse();
    }

    @Test
    void createNewRefusesWhatExists() throws IOException {
        write("a", "kept");
        assertThatThrownBy(() -> create("a")).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(content("a")).isEqualTo("kept");
    }

    @Test
    void readWriteCreatesWhatIsMissingAndKeepsWhatIsThere() throws IOException {
        store.open(at("a"), OpenMode.READ_WRITE).close();
        write("b", "kept");
        try (StoreFile file = store.open(at("b"), OpenMode.READ_WRITE)) {
            append(file, " and added");
        }
        assertThat(content("a")).isEmpty();
        assertThat(content("b")).isEqualTo("kept and added");
    }

    @Test
    void readOnlyRefusesWhatIsMissing() {
        assertThatThrownBy(() -> store.open(at("a"), OpenMode.READ_ONLY)).isInstanceOf(NoSuchFileException.class);
        assertThat(store.exists(at("a"))).isFalse();
    }

    @ParameterizedTest
    @EnumSource(OpenMode.class)
    void aDirectoryIsNotOpenedAsAFile(OpenMode mode) throws IOException {
        store.createDirectories(at("d"));
        assertThatIOException().isThrownBy(() -> store.open(at("d"), mode));
    }

    @ParameterizedTest
    @EnumSource(OpenMode.class)
    void aFileInAMissingDirectoryIsNotOpened(OpenMode mode) {
        assertThatThrownBy(() -> store.open(at("d").resolve("a"), mode)).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void aFileOpenedForReadingIsNotWritten() throws IOException {
        write("a", "kept");
        try (StoreFile file = store.open(at("a"), OpenMode.READ_ONLY)) {
            assertThatThrownBy(() -> append(file, "x")).isInstanceOf(NonWritableChannelException.class);
            assertThatThrownBy(() -> file.write(ByteBuffer.wrap(new byte[1]), 0))
                    .isInstanceOf(NonWritableChannelException.class);
            assertThatThrownBy(() -> file.truncate(1)).isInstanceOf(NonWritableChannelException.class);
            file.sync();
        }
        assertThat(content("a")).isEqualTo("kept");
    }

    @Test
    void afterCloseEverythingThrowsButClosing() throws IOException {
        StoreFile file = create("a");
        append(file, "kept");
        file.close();
        file.close();
        assertThatThrownBy(file::size).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(() -> read(file, 0, 1)).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(() -> append(file, "x")).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(() -> file.write(ByteBuffer.wrap(new byte[1]), 0))
                .isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(() -> file.truncate(0)).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(file::sync).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(() -> file.map(1)).isInstanceOf(ClosedChannelException.class);
        assertThat(store.syncFailure(directory))
                .as("asking too late loses nothing")
                .isNull();
        assertThat(content("a")).isEqualTo("kept");
    }

    // ---- reading and writing
    // -----------------------------------------------------------------------------------------

    @Test
    void readStopsAtTheEndOfTheFileAndAtTheTargetsLimit() throws IOException {
        try (StoreFile file = create("a")) {
            append(file, "0123456789");
            assertThat(read(file, 0, 4)).isEqualTo("0123");
            assertThat(read(file, 7, 100)).isEqualTo("789");
            assertThat(read(file, 10, 100)).isEmpty();
            assertThat(read(file, 1000, 100)).isEmpty();
            assertThatThrownBy(() -> read(file, -1, 1)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void appendGathersInOrderAtTheEndAndAdvancesThePositions() throws IOException {
        try (StoreFile file = create("a")) {
            append(file, "first ");
            ByteBuffer heap =
                    ByteBuffer.wrap("..second..".getBytes(UTF_8)).position(2).limit(8);
            ByteBuffer direct =
                    ByteBuffer.allocateDirect(3).put(" th".getBytes(UTF_8)).flip();
            ByteBuffer notAsked = ByteBuffer.wrap("no".getBytes(UTF_8));
            file.append(new ByteBuffer[] {heap, ByteBuffer.allocate(0), direct, notAsked}, 3);
            assertThat(heap.position()).isEqualTo(8);
            assertThat(direct.hasRemaining()).isFalse();
            assertThat(notAsked.position()).isZero();
            assertThat(content(file)).isEqualTo("first second th");
            assertThat(file.size()).isEqualTo(15);
        }
    }

    @Test
    void appendTakesMoreBuffersThanOneSystemCallCan() throws IOException {
        byte[] expected = new byte[5_000];
        new Random(7).nextBytes(expected);
        ByteBuffer[] sources = new ByteBuffer[2_500];
        for (int i = 0; i < sources.length; i++) {
            sources[i] = ByteBuffer.wrap(expected, 2 * i, 2);
        }
        try (StoreFile file = create("a")) {
            file.append(sources, sources.length);
            ByteBuffer read = ByteBuffer.allocate(expected.length + 1);
            assertThat(file.read(read, 0)).isEqualTo(expected.length);
            assertThat(Arrays.copyOf(read.array(), expected.length)).isEqualTo(expected);
        }
    }

    @Test
    void anAppendOfNothingWritesNothing() throws IOException {
        try (StoreFile file = create("a")) {
            file.append(new ByteBuffer[0], 0);
            append(file, "");
            assertThat(file.size()).isZero();
        }
    }

    @Test
    void appendGoesToTheEndWhateverWasDoneBefore() throws IOException {
        try (StoreFile file = create("a")) {
            append(file, "0123456789");
            file.truncate(4);
            append(file, "ab");
            file.write(ByteBuffer.wrap("X".getBytes(UTF_8)), 0);
            append(file, "cd");
            file.write(ByteBuffer.wrap("long".getBytes(UTF_8)), 6);
            append(file, "ef");
            assertThat(read(file, 1, 2)).isEqualTo("12");
            append(file, "gh");
            assertThat(content(file)).isEqualTo("X123ablongefgh");
        }
    }

    @Test
    void writeAtAPositionLeavesTheRest() throws IOException {
        try (StoreFile file = create("a")) {
            append(file, "0123456789");
            ByteBuffer source = ByteBuffer.wrap("abc".getBytes(UTF_8));
            file.write(source, 8);
            assertThat(source.hasRemaining()).isFalse();
            file.write(ByteBuffer.wrap("z".getBytes(UTF_8)), 3);
            assertThat(content(file)).isEqualTo("012z4567abc");
        }
    }

    @Test
    void aGapReadsAsZeros() throws IOException {
        try (StoreFile file = create("a")) {
            append(file, "a");
            file.write(ByteBuffer.wrap("z".getBytes(UTF_8)), 10_000);
            assertThat(file.size()).isEqualTo(10_001);
            assertThat(read(file, 0, 3)).isEqualTo("a\0\0");
            assertThat(read(file, 9_998, 10)).isEqualTo("\0\0z");
        }
    }

    @Test
    void truncateCutsAndNeverLengthens() throws IOException {
        try (StoreFile file = create("a")) {
            append(file, "0123456789");
            file.truncate(20);
            assertThat(file.size()).isEqualTo(10);
            file.truncate(3);
            assertThat(content(file)).isEqualTo("012");
            file.write(ByteBuffer.wrap("x".getBytes(UTF_8)), 5);
            assertThat(content(file)).as("what was cut does not come back").isEqualTo("012\0\0x");
        }
    }

    @Test
    void anotherOpeningSeesWhatWasWritten() throws IOException {
        try (StoreFile writer = create("a");
                StoreFile reader = store.open(at("a"), OpenMode.READ_ONLY)) {
            append(writer, "unsynced");
            assertThat(content(reader)).isEqualTo("unsynced");
        }
    }

    @Test
    void randomWritesMatchAnArray() throws IOException {
        Random random = new Random(20251121);
        byte[] model = new byte[40_000];
        int length = 0;
        try (StoreFile file = create("a")) {
            for (int step = 0; step < 400; step++) {
                byte[] bytes = new byte[random.nextInt(6_000)];
                random.nextBytes(bytes);
                switch (random.nextInt(4)) {
                    case 0 -> {
                        int cut = random.nextInt(length + 1);
                        file.truncate(cut);
                        Arrays.fill(model, cut, length, (byte) 0);
                        length = cut;
                    }
                    case 1 -> {
                        int position = random.nextInt(model.length - bytes.length);
                        file.write(ByteBuffer.wrap(bytes), position);
                        System.arraycopy(bytes, 0, model, position, bytes.length);
                        length = bytes.length == 0 ? length : Math.max(length, position + bytes.length);
                    }
                    default -> {
                        int fits = Math.min(bytes.length, model.length - length);
                        file.append(new ByteBuffer[] {ByteBuffer.wrap(bytes, 0, fits)}, 1);
                        System.arraycopy(bytes, 0, model, length, fits);
                        length += fits;
                    }
                }
                if (random.nextInt(10) == 0) {
                    file.sync();
                }
                ByteBuffer read = ByteBuffer.allocate(model.length + 1);
                assertThat(file.read(read, 0)).isEqualTo(length);
                assertThat(Arrays.equals(read.array(), 0, length, model, 0, length))
                        .isTrue();
            }
        }
    }

    // ---- mapping and transfer
    // ----------------------------------------------------------------------------------------

    @Test
    void mapGivesTheFirstBytesReadOnly() throws IOException {
        try (StoreFile file = create("a")) {
            append(file, "0123456789");
            ByteBuffer mapped = file.map(4);
            assertThat(UTF_8.decode(mapped.duplicate()).toString()).isEqualTo("0123");
            assertThat(mapped.isReadOnly()).isTrue();
            assertThatThrownBy(() -> mapped.put(0, (byte) 1)).isInstanceOf(ReadOnlyBufferException.class);
            append(file, "later");
            assertThat(UTF_8.decode(file.map(12)).toString()).isEqualTo("0123456789la");
            assertThat(UTF_8.decode(mapped).toString()).isEqualTo("0123");
            assertThat(file.map(0).remaining()).isZero();
        }
    }

    @Test
    void mapRefusesMoreThanThereIs() throws IOException {
        try (StoreFile file = create("a")) {
            append(file, "0123");
            assertThatIOException().isThrownBy(() -> file.map(5)).withMessageContaining("it has 4");
            assertThat(file.size()).as("mapping lengthens nothing").isEqualTo(4);
            assertThatThrownBy(() -> file.map(-1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> file.map(Integer.MAX_VALUE + 1L)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aTransferChannelHoldsTheFilesBytes() throws IOException {
        try (StoreFile file = create("a")) {
            append(file, "0123");
            FileChannel channel = file.transferChannel();
            if (channel != null) {
                ByteBuffer target = ByteBuffer.allocate(10);
                assertThat(channel.read(target, 1)).isEqualTo(3);
                assertThat(UTF_8.decode(target.flip()).toString()).isEqualTo("123");
            }
        }
    }

    // ---- directories
    // -------------------------------------------------------------------------------------------------

    @Test
    void listIsSortedByNameAndAbsolute() throws IOException {
        for (String name : new String[] {"b", "a", "10", "9", "B"}) {
            write(name, "");
        }
        store.createDirectories(at("c"));
        assertThat(store.list(directory))
                .containsExactly(at("10"), at("9"), at("B"), at("a"), at("b"), at("c"))
                .allMatch(Path::isAbsolute);
        assertThat(store.list(at("c"))).isEmpty();
    }

    @Test
    void listRefusesWhatIsNoDirectory() throws IOException {
        write("a", "");
        assertThatThrownBy(() -> store.list(at("missing"))).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> store.list(at("a"))).isInstanceOf(NotDirectoryException.class);
    }

    @Test
    void createDirectoriesMakesParentsAndMayBeRepeated() throws IOException {
        Path deep = at("x").resolve("y").resolve("z");
        store.createDirectories(deep);
        store.createDirectories(deep);
        assertThat(store.isDirectory(deep)).isTrue();
        assertThat(store.exists(at("x"))).isTrue();
        write("a", "");
        assertThatThrownBy(() -> store.createDirectories(at("a"))).isInstanceOf(FileAlreadyExistsException.class);
        assertThatIOException().isThrownBy(() -> store.createDirectories(at("a").resolve("b")));
    }

    @Test
    void deleteTakesFilesAndEmptyDirectories() throws IOException {
        store.createDirectories(at("d"));
        write("a", "");
        try (StoreFile file = store.open(at("d").resolve("f"), OpenMode.CREATE_NEW)) {
            assertThatThrownBy(() -> store.delete(at("d"))).isInstanceOf(DirectoryNotEmptyException.class);
            store.delete(file.path());
        }
        store.delete(at("d"));
        store.delete(at("a"));
        assertThat(store.list(directory)).isEmpty();
        assertThat(store.exists(at("a"))).isFalse();
        assertThatThrownBy(() -> store.delete(at("a"))).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void aDeletedFileStaysReadableWhileItIsOpen() throws IOException {
        try (StoreFile file = create("a")) {
            append(file, "still ");
            store.delete(at("a"));
            append(file, "here");
            file.sync();
            assertThat(content(file)).isEqualTo("still here");
            write("a", "another");
            assertThat(content(file)).isEqualTo("still here");
        }
        assertThat(content("a")).isEqualTo("another");
    }

    @Test
    void renameReplacesAFile() throws IOException {
        write("old", "old");
        write("new", "new");
        store.rename(at("new"), at("old"));
        assertThat(content("old")).isEqualTo("new");
        assertThat(store.exists(at("new"))).isFalse();
        store.rename(at("old"), at("old"));
        assertThat(content("old")).isEqualTo("new");
        assertThatThrownBy(() -> store.rename(at("missing"), at("x"))).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> store.rename(at("old"), at("nowhere").resolve("x")))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void renameMovesADirectoryWithWhatIsInIt() throws IOException {
        store.createDirectories(at("d"));
        write("d/a", "inside");
        StoreFile open = store.open(at("d/a"), OpenMode.READ_WRITE);
        store.rename(at("d"), at("e"));
        assertThat(content("e/a")).isEqualTo("inside");
        assertThat(store.exists(at("d"))).isFalse();
        append(open, " still");
        assertThat(open.path()).as("the path it was opened at").isEqualTo(at("d/a"));
        open.close();
        assertThat(content("e/a")).isEqualTo("inside still");
    }

    @Test
    void renameRefusesWhatWouldLoseADirectory() throws IOException {
        store.createDirectories(at("d"));
        write("d/a", "inside");
        write("f", "file");
        store.createDirectories(at("e"));
        assertThatIOException().isThrownBy(() -> store.rename(at("f"), at("d")));
        assertThatIOException().isThrownBy(() -> store.rename(at("e"), at("d")));
        assertThatIOException().isThrownBy(() -> store.rename(at("d"), at("f")));
        assertThatIOException().isThrownBy(() -> store.rename(at("d"), at("d").resolve("below")));
        assertThat(content("d/a")).isEqualTo("inside");
        assertThat(content("f")).isEqualTo("file");
    }

    // ---- syncing
    // -----------------------------------------------------------------------------------------------------

    @Test
    void syncingChangesNothingThatIsSeen() throws IOException {
        try (StoreFile file = create("a")) {
            append(file, "kept");
            file.sync();
            store.syncDirectory(directory);
            append(file, " on");
            assertThat(content(file)).isEqualTo("kept on");
        }
        assertThat(store.syncFailure(directory)).isNull();
    }

    @Test
    void syncDirectoryRefusesWhatIsNoDirectory() throws IOException {
        write("a", "");
        assertThatThrownBy(() -> store.syncDirectory(at("missing"))).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> store.syncDirectory(at("a"))).isInstanceOf(NotDirectoryException.class);
        assertThat(store.syncFailure(directory)).as("nothing was lost").isNull();
    }

    @Test
    void syncFileSystemWorksExactlyWhereItSaysSo() throws IOException {
        write("a", "x");
        if (store.canSyncFileSystem(directory)) {
            store.syncFileSystem(directory);
            store.syncFileSystem(directory);
        } else {
            assertThatThrownBy(() -> store.syncFileSystem(directory)).isInstanceOf(UnsupportedOperationException.class);
        }
        assertThat(store.canSyncFileSystem(at("missing"))).isFalse();
    }

    @Test
    void filesOfADirectoryShareItsFileSystem() throws IOException {
        try (StoreFile file = create("a")) {
            assertThat(file.fileSystemId())
                    .isEqualTo(store.fileSystemId(directory))
                    .isEqualTo(store.fileSystemId(at("a")));
        }
    }

    @ParameterizedTest
    @EnumSource(Strategy.class)
    void aGroupIsSyncedByEveryStrategy(Strategy strategy) throws IOException {
        GroupSync groupSync = new GroupSync(store, directory, strategy);
        StoreFile[] files = new StoreFile[20];
        for (int i = 0; i < 20; i++) {
            files[i] = create("f" + i);
            append(files[i], "content");
        }
        groupSync.sync(files, 0);
        groupSync.sync(files, 1);
        groupSync.sync(files, 20);
        assertThat(groupSync.counts().groups()).isEqualTo(2);
        assertThat(groupSync.counts().files()).isEqualTo(21);
        long expectedSyncfs = strategy == Strategy.SYNCFS && store.canSyncFileSystem(directory) ? 2 : 0;
        if (strategy == Strategy.FDATASYNC || strategy == Strategy.SYNCFS) { // the others choose
            assertThat(groupSync.counts().syncfsGroups()).isEqualTo(expectedSyncfs);
            assertThat(groupSync.counts().fdatasyncGroups()).isEqualTo(2 - expectedSyncfs);
        }
        for (StoreFile file : files) {
            file.close();
        }
    }

    @Test
    void aGroupWithAFileThatCannotBeSyncedStopsTheGroupSyncForGood() throws IOException {
        GroupSync groupSync = new GroupSync(store, directory, Strategy.FDATASYNC);
        StoreFile closed = create("a");
        closed.close();
        StoreFile good = create("b");
        assertThatIOException().isThrownBy(() -> groupSync.sync(new StoreFile[] {closed}, 1));
        assertThatIOException()
                .isThrownBy(() -> groupSync.sync(new StoreFile[] {good}, 1))
                .withMessageContaining("an earlier sync failed");
        assertThat(groupSync.counts().groups()).isZero();
        good.close();
    }

    // ---- locks and space
    // ---------------------------------------------------------------------------------------------

    @Test
    void aLockIsExclusiveUntilItIsClosed() throws Exception {
        AutoCloseable lock = store.lock(at(".lock"));
        assertThat(store.exists(at(".lock"))).isTrue();
        assertThatThrownBy(() -> store.lock(at(".lock")))
                .isInstanceOf(DirectoryLockedException.class)
                .hasMessageContaining(at(".lock").toString());
        AutoCloseable other = store.lock(at(".other"));
        lock.close();
        lock.close();
        AutoCloseable again = store.lock(at(".lock"));
        lock.close();
        assertThatThrownBy(() -> store.lock(at(".lock"))).isInstanceOf(DirectoryLockedException.class);
        again.close();
        other.close();
    }

    @Test
    void aLockInAMissingDirectoryIsRefused() {
        assertThatThrownBy(() -> store.lock(at("missing").resolve(".lock"))).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void spaceIsBoundedByTheFileSystem() throws IOException {
        assertThat(store.usableBytes(directory)).isPositive().isLessThanOrEqualTo(store.totalBytes(directory));
    }
}
