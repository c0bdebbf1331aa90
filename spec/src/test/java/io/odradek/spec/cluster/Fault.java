package io.odradek.spec.cluster;

/** Something that befalls a cluster, with everything that it needs as a value; times are in virtual milliseconds. */
sealed interface Fault extends Happening {

    /** The plug is pulled. */
    record PowerFails(int node, int downMs) implements Fault {
        @Override
        public String toString() {
            return "node " + node + " loses power for " + downMs + " ms";
        }
    }

    /** The power goes in the midst of what the disk does: at its {@code operations}th operation from then on. */
    record PowerFailsAtDisk(int node, int operations, int downMs) implements Fault {
        @Override
        public String toString() {
            return "node " + node + " loses power at its disk's operation " + operations + " from then on, for "
                    + downMs + " ms";
        }
    }

    record PowerFailsEverywhere(int downMs) implements Fault {
        @Override
        public String toString() {
            return "all nodes lose power for " + downMs + " ms";
        }
    }

    /** The process alone: what it wrote stays. */
    record Killed(int node, int downMs) implements Fault {
        @Override
        public String toString() {
            return "node " + node + " is killed and comes back in " + downMs + " ms";
        }
    }

    record Leaves(int node, int downMs) implements Fault {
        @Override
        public String toString() {
            return "node " + node + " leaves and comes back in " + downMs + " ms";
        }
    }

    /** Nothing arrives that way. */
    record WayIsCut(int from, int to) implements Fault {
        @Override
        public String toString() {
            return "the way from node " + from + " to " + to + " is cut";
        }
    }

    record CutApart(int one, int other) implements Fault {
        @Override
        public String toString() {
            return "nodes " + one + " and " + other + " are cut off from each other";
        }
    }

    /** From all machines, clients as well. */
    record CutOff(int node) implements Fault {
        @Override
        public String toString() {
            return "node " + node + " is cut off from all";
        }
    }

    record NetworkIsWhole() implements Fault {
        @Override
        public String toString() {
            return "the network is whole";
        }
    }

    record StandsStill(int node, int ms) implements Fault {
        @Override
        public String toString() {
            return "node " + node + " stands still for " + ms + " ms";
        }
    }

    record DiskIsSlow(int node, int ms) implements Fault {
        @Override
        public String toString() {
            return "node " + node + "'s disk takes " + ms + " ms";
        }
    }

    /** The {@code syncs}th sync from then on; the process ends then. */
    record SyncFails(int node, int syncs, int downMs) implements Fault {
        @Override
        public String toString() {
            return "of node " + node + " sync " + syncs + " from then on fails, and it comes back in " + downMs + " ms";
        }
    }

    /** Somebody else's files take all but {@code freeBytes} of its disk, and go after {@code ms}. */
    record DiskIsFull(int node, int freeBytes, int ms, int downMs) implements Fault {
        @Override
        public String toString() {
            return "node " + node + "'s disk has " + freeBytes + " bytes left, for " + ms
                    + " ms, and if it ends by that, it comes back in " + downMs + " ms";
        }
    }

    /** What the wall clock is ahead of virtual time, or behind it. */
    record ClockIsSet(int node, int offsetMs) implements Fault {
        @Override
        public String toString() {
            return "node " + node + "'s clock is set to " + offsetMs + " ms off";
        }
    }
}
