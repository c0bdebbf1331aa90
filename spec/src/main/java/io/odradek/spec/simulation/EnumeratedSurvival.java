package io.odradek.spec.simulation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One of all verdicts, in an order of its own: each change of a directory is there or not, and each file that was written to has
 * one of the fates that recovery has to tell apart. {@link Choices} walks through them.
 */
final class EnumeratedSurvival extends Survival {

    /** What a file that was not synced may have become. */
    private enum Fate {
        /** What was synced last. */
        OLD,
        /** Everything. */
        NEW,
        /** The new length over the old bytes: zeros where it grew. */
        LENGTH_ALONE,
        /** Everything, but for the second half of the last sector. */
        TORN,
        /** As after an earlier write. */
        EARLIER
    }

    /** Decisions in the order in which they come up, each with a number of options: counts through all combinations. */
    static final class Choices {
        private final List<int[]> taken = new ArrayList<>();
        private int depth;

        int among(int options) {
            if (depth == taken.size()) {
                taken.add(new int[] {0, options});
            }
            return taken.get(depth++)[0];
        }

        /** Goes on to the next combination; false behind the last. */
        boolean next() {
            depth = 0;
            while (!taken.isEmpty()) {
                int[] last = taken.getLast();
                if (++last[0] < last[1]) {
                    return true;
                }
                taken.removeLast();
            }
            return false;
        }
    }

    private final Choices choices;
    private final Map<Long, Boolean> kept = new HashMap<>();

    EnumeratedSurvival(Choices choices) {
        this.choices = choices;
    }

    @Override
    boolean keeps(long effectId) {
        return kept.computeIfAbsent(effectId, id -> choices.among(2) == 1);
    }

    @Override
    OfFile ofFile(FileNode file) {
        if (!file.dirty()) {
            return new Chosen(Fate.OLD);
        }
        List<Fate> fates = new ArrayList<>(List.of(Fate.OLD, Fate.NEW));
        if (file.hasGrown()) {
            fates.add(Fate.LENGTH_ALONE);
            fates.add(Fate.TORN);
        }
        if (file.hadOtherLengths()) {
            fates.add(Fate.EARLIER);
        }
        return new Chosen(fates.get(choices.among(fates.size())));
    }

    private record Chosen(Fate fate) implements OfFile {
        @Override
        public long length(long durable, long[] between, long cached) {
            return switch (fate) {
                case OLD -> durable;
                case NEW, LENGTH_ALONE, TORN -> cached;
                case EARLIER -> between[between.length / 2];
            };
        }

        @Override
        public byte[] content(Page page, boolean lastPage, int endInPage) {
            if (page.versions() == 1) {
                return page.durable;
            }
            return switch (fate) {
                case OLD, LENGTH_ALONE -> page.durable;
                case NEW, EARLIER -> page.cached;
                case TORN -> lastPage && endInPage > 0 ? torn(page, endInPage) : page.cached;
            };
        }

        private static byte[] torn(Page page, int endInPage) {
            int sector = (endInPage - 1) / Page.SECTOR_BYTES * Page.SECTOR_BYTES;
            int tear = sector + (endInPage - sector) / 2;
            byte[] mixed = page.cached.clone();
            int end = sector + Page.SECTOR_BYTES;
            System.arraycopy(page.durable, tear, mixed, tear, end - tear);
            return mixed;
        }
    }
}
