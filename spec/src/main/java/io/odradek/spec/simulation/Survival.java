package io.odradek.spec.simulation;

import java.util.IdentityHashMap;

/** One crash's verdict on everything that was not synced. For one crash, by one thread. */
abstract class Survival {
    private final IdentityHashMap<Node, Node> survivors = new IdentityHashMap<>();

    /** The verdict on one file. */
    interface OfFile {
        /**
         * Asked first, when the length has changed since the last sync.
         *
         * @param between lengths it had meanwhile
         */
        long length(long durable, long[] between, long cached);

        /**
         * The page's content.
         *
         * @param endInPage where the file ends in this page, when it is the last
         */
        byte[] content(Page page, boolean lastPage, int endInPage);
    }

    /** Whether a directory's change is there. */
    abstract boolean keeps(long effectId);

    abstract OfFile ofFile(FileNode file);

    Node survivorOf(Node node) {
        Node known = survivors.get(node);
        if (known != null) {
            return known;
        }
        Node survivor = switch (node) {
            case FileNode file -> file.afterCrash(this);
            case DirectoryNode directory -> directory.afterCrash(this);
        };
        survivors.put(node, survivor);
        return survivor;
    }
}
