package io.odradek.spec.simulation;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * One crash's verdict, by seed, on everything that was not synced.
 *
 * <p>Bugs hide at the extremes as well as in between, so chances are drawn first and coins second: some crashes lose
 * everything, some nothing, some keep directory changes up to a moment, most keep a part of each file.
 */
final class DrawnSurvival extends Survival {
    private static final double[] CHANCES = {0, 0.125, 0.5, 0.875, 1};

    private final SplittableRandom random;
    private final double entryChance;

    /** Directory changes before it are kept and later ones lost (a journal's behaviour); or each has its own coin. */
    private final boolean entriesInOrder;

    private final long entriesKeptBefore;
    private final Map<Long, Boolean> entryCoins = new HashMap<>();

    /** Everything shares one fate, or each file has its own chance. */
    private final boolean sharedDataChance;

    private final double dataChance;

    /** Ids of the unsynced directory changes are from {@code oldestEffectId} to below {@code nextEffectId}, in order of time. */
    DrawnSurvival(long seed, long oldestEffectId, long nextEffectId) {
        this.random = new SplittableRandom(seed);
        this.entryChance = chance();
        this.entriesInOrder = random.nextInt(3) == 0;
        this.entriesKeptBefore = random.nextLong(oldestEffectId, nextEffectId + 1);
        this.sharedDataChance = random.nextInt(4) == 0;
        this.dataChance = chance();
    }

    private double chance() {
        return CHANCES[random.nextInt(CHANCES.length)];
    }

    @Override
    boolean keeps(long effectId) {
        return entriesInOrder
                ? effectId < entriesKeptBefore
                : entryCoins.computeIfAbsent(effectId, id -> random.nextDouble() < entryChance);
    }

    @Override
    OfFile ofFile(FileNode file) {
        return new Drawn(sharedDataChance ? dataChance : chance());
    }

    private final class Drawn implements OfFile {
        private final double chance;

        private Drawn(double chance) {
            this.chance = chance;
        }

        /** The durable length, the last one, one in between, or one at which a write-back may have stopped. */
        @Override
        public long length(long durable, long[] between, long cached) {
            if (random.nextDouble() >= chance) {
                return durable;
            }
            long low = Math.min(durable, cached);
            long high = Math.max(durable, cached);
            return switch (random.nextInt(5)) {
                case 0 -> between.length == 0 ? cached : between[random.nextInt(between.length)];
                case 1 -> clamp(alignedWithin(low, high, Page.BYTES), low, high);
                case 2 -> clamp(alignedWithin(low, high, Page.SECTOR_BYTES), low, high);
                case 3 -> low + random.nextLong(high - low + 1);
                default -> cached;
            };
        }

        private long alignedWithin(long low, long high, int grain) {
            return (low / grain + random.nextLong((high - low) / grain + 2)) * grain;
        }

        private static long clamp(long value, long low, long high) {
            return Math.max(low, Math.min(high, value));
        }

        /**
         * One version as a whole, or each sector of a version of its own; and in the last page of a file now and then a sector
         * torn between two.
         */
        @Override
        public byte[] content(Page page, boolean lastPage, int endInPage) {
            int versions = page.versions();
            if (versions == 1) {
                return page.durable;
            }
            if (random.nextBoolean()) {
                return page.version(pick(versions));
            }
            byte[] mixed = new byte[Page.BYTES];
            for (int at = 0; at < Page.BYTES; at += Page.SECTOR_BYTES) {
                System.arraycopy(page.version(pick(versions)), at, mixed, at, Page.SECTOR_BYTES);
            }
            if (lastPage && endInPage > 0 && random.nextInt(4) == 0 && random.nextDouble() < chance) {
                int sector = (Math.min(endInPage, Page.BYTES) - 1) / Page.SECTOR_BYTES * Page.SECTOR_BYTES;
                int tear = random.nextInt(Page.SECTOR_BYTES);
                System.arraycopy(page.cached, sector, mixed, sector, tear);
                System.arraycopy(page.durable, sector + tear, mixed, sector + tear, Page.SECTOR_BYTES - tear);
            }
            return mixed;
        }

        /** 0 is the durable version, {@code versions - 1} the last one. */
        private int pick(int versions) {
            if (random.nextDouble() >= chance) {
                return 0;
            }
            return random.nextBoolean() ? versions - 1 : 1 + random.nextInt(versions - 1);
        }
    }
}
