package io.odradek.spec.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A directory: the entries everyone sees, those on the platter, and what happened between. Guarded by its store. */
final class DirectoryNode implements Node {
    private final int mount;
    private final TreeMap<String, Node> entries = new TreeMap<>();
    private final TreeMap<String, Node> durable = new TreeMap<>();
    private final List<Effect> unsynced = new ArrayList<>();
    private long modifiedNs;
    private long durableModifiedNs;

    /**
     * One change of this directory: a creation has no {@code from}, a deletion no {@code to}, a rename has both.
     *
     * @param id the two halves of a rename between directories share it, and so their fate while neither is synced
     */
    private record Effect(
            long id, @Nullable String from, @Nullable String to, Node node) {

        void applyTo(TreeMap<String, Node> names) {
            if (from != null && to != null) {
                names.values().remove(node); // under whatever name an earlier effect that was lost left it
            } else if (from != null) {
                names.remove(from, node);
            }
            if (to != null) {
                names.put(to, node);
            }
        }
    }

    DirectoryNode(int mount) {
        this.mount = mount;
    }

    @Override
    public int mount() {
        return mount;
    }

    boolean dirty() {
        return !unsynced.isEmpty();
    }

    /** The id of the oldest unsynced change, {@code otherwise} when there is none. */
    long oldestUnsynced(long otherwise) {
        return unsynced.isEmpty() ? otherwise : unsynced.getFirst().id();
    }

    int unsyncedChanges() {
        return unsynced.size();
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    Iterable<String> names() {
        return entries.keySet();
    }

    @Nullable
    Node get(String name) {
        return entries.get(name);
    }

    void change(long id, @Nullable String from, @Nullable String to, Node node) {
        Effect effect = new Effect(id, from, to, node);
        effect.applyTo(entries);
        unsynced.add(effect);
    }

    long modifiedNs() {
        return modifiedNs;
    }

    void modifiedAt(long ns) {
        modifiedNs = ns;
    }

    void sync() {
        for (Effect effect : unsynced) {
            effect.applyTo(durable);
        }
        durableModifiedNs = modifiedNs;
        unsynced.clear();
    }

    /** Some changes reach the platter, the others never will, and everyone still sees all of them. */
    void syncFails(SplittableRandom random) {
        for (Effect effect : unsynced) {
            if (random.nextBoolean()) {
                effect.applyTo(durable);
            }
        }
        unsynced.clear();
    }

    DirectoryNode afterCrash(Survival survival) {
        TreeMap<String, Node> names = new TreeMap<>(durable);
        for (Effect effect : unsynced) {
            if (survival.keeps(effect.id())) {
                effect.applyTo(names);
            }
        }
        DirectoryNode survivor = new DirectoryNode(mount);
        // Also where a change survives: nothing says that its time does.
        survivor.modifiedNs = durableModifiedNs;
        survivor.durableModifiedNs = durableModifiedNs;
        names.forEach((name, node) -> survivor.putDurably(name, survival.survivorOf(node)));
        return survivor;
    }

    DirectoryNode copy(NodeCopies copies) {
        DirectoryNode copy = new DirectoryNode(mount);
        copies.put(this, copy);
        copy.modifiedNs = modifiedNs;
        copy.durableModifiedNs = durableModifiedNs;
        entries.forEach((name, node) -> copy.entries.put(name, copies.of(node)));
        durable.forEach((name, node) -> copy.durable.put(name, copies.of(node)));
        for (Effect effect : unsynced) {
            copy.unsynced.add(new Effect(effect.id(), effect.from(), effect.to(), copies.of(effect.node())));
        }
        return copy;
    }

    void putDurably(String name, Node node) {
        entries.put(name, node);
        durable.put(name, node);
    }

    Iterable<Node> children() {
        return entries.values();
    }
}
