package io.odradek.replication.controller;

import io.odradek.replication.controller.MetadataRecord.LeaderRecovery;
import io.odradek.replication.controller.MetadataRecord.PartitionChange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * What is to become of one partition: {@code tla/core/Isr}, the controller's part. What happens is said to the draft, then it elects, and
 * what has changed is a record.
 *
 * <pre>
 *   eligible' = {}                                      while |in sync| ≥ min(min.insync.replicas, replicas)   (KIP-966)
 *               (eligible ∪ who left in sync) \ in sync  else
 * </pre>
 *
 * <p>Replicas stand in the order of preference in every set, so the same state gives the same record.
 */
final class PartitionDraft {

    static final UUID UNASSIGNED = PartitionImage.UNKNOWN_DIRECTORY;

    private final UUID topicId;
    private final int number;
    private final PartitionImage before;
    private final ClusterImage image;
    private final TopicPolicy policy;

    private List<Integer> replicas;
    private List<Integer> inSync;
    private List<Integer> eligible;
    private List<Integer> removing;
    private List<Integer> adding;
    private List<Integer> lastLeader;
    private final Map<Integer, UUID> directories = new HashMap<>();
    private int leader;
    private boolean newReign;
    private LeaderRecovery recovery;
    private boolean decided;
    private boolean uncleanly;

    /** @param image with the brokers as they will be */
    PartitionDraft(ClusterImage image, TopicPolicy policy, UUID topicId, int number, PartitionImage before) {
        this.topicId = topicId;
        this.number = number;
        this.before = before;
        this.image = image;
        this.policy = policy;
        this.replicas = before.replicas();
        this.inSync = before.inSyncReplicas();
        this.eligible = before.eligibleLeaderReplicas();
        this.removing = before.removingReplicas();
        this.adding = before.addingReplicas();
        this.lastLeader = before.lastKnownEligibleLeaderReplicas();
        this.leader = before.leader();
        this.recovery = before.leaderRecovery();
        for (int i = 0; i < before.directories().size(); i++) {
            directories.put(replicas.get(i), before.directories().get(i));
        }
    }

    TopicPolicy policy() {
        return policy;
    }

    List<Integer> inSync() {
        return inSync;
    }

    int leader() {
        return leader;
    }

    boolean hasLeader() {
        return leader != PartitionImage.NO_LEADER;
    }

    UUID directoryOf(int replica) {
        return directories.getOrDefault(replica, UNASSIGNED);
    }

    // ---- What happens.

    /** {@code Eligible}. */
    void withInSync(List<Integer> members) {
        List<Integer> now = ordered(members::contains);
        List<Integer> were = inSync;
        List<Integer> wereEligible = eligible;
        inSync = now;
        eligible = now.size() >= Math.min(policy.minInSyncReplicas(), replicas.size())
                ? List.of()
                : ordered(id -> (wereEligible.contains(id) || were.contains(id)) && !now.contains(id));
    }

    /** {@code WithoutInSync}. */
    void withoutInSync(int replica) {
        withInSync(without(inSync, replica));
    }

    /** Whoever is in sync and can't be is not any more. */
    void withoutUnable() {
        List<Integer> able = inSync.stream().filter(this::able).toList();
        if (!able.equals(inSync)) {
            withInSync(able);
        }
    }

    void withoutEligible(int replica) {
        eligible = without(eligible, replica);
    }

    /** A proposal is accepted: that is a new partition epoch, whatever it changes (decision 25). */
    void accept(List<Integer> members, LeaderRecovery state) {
        withInSync(members);
        recovery = state;
        decided = true;
    }

    void inDirectory(int replica, UUID directory) {
        directories.put(replica, directory);
    }

    /**
     * Other replicas are wanted (KIP-455). Those that were to be added by what runs, and are not wanted any more, go at once; the others that
     * go stay until those that come are in sync.
     */
    void reassign(List<Integer> target) {
        List<Integer> original = original();
        adding = target.stream().filter(id -> !original.contains(id)).toList();
        removing = original.stream().filter(id -> !target.contains(id)).toList();
        List<Integer> all = new ArrayList<>(target);
        all.addAll(removing);
        replaceReplicas(List.copyOf(all));
    }

    /** What runs is taken back. */
    void cancelReassignment() {
        List<Integer> original = original();
        adding = List.of();
        removing = List.of();
        replaceReplicas(original);
    }

    private List<Integer> original() {
        return replicas.stream().filter(id -> !adding.contains(id)).toList();
    }

    private void replaceReplicas(List<Integer> now) {
        // Who goes and comes back has another log; a new epoch keeps what it asked for with the old one from being
        // believed.
        newReign |= !now.containsAll(replicas);
        replicas = now;
        for (int id : now) {
            directories.computeIfAbsent(id, this::directory);
        }
        withInSync(inSync); // who is no replica any more is not in sync
    }

    /** A broker with one directory has no choice (KIP-858); one with several makes it when it creates the log. */
    static UUID directory(ClusterImage image, int brokerId) {
        BrokerImage broker = image.broker(brokerId);
        return broker != null && broker.directories().size() == 1
                ? broker.directories().getFirst()
                : UNASSIGNED;
    }

    private UUID directory(int brokerId) {
        return directory(image, brokerId);
    }

    /**
     * Whether the replicas that are wanted can do without those that go. Kafka's rule: all that come are in sync; when more go than come, all
     * that are wanted. And one more: as many stay in sync as a commit needs, as what was committed is to have its copies.
     */
    void completeReassignment() {
        if (adding.isEmpty() && removing.isEmpty()) {
            return;
        }
        List<Integer> target = ordered(id -> !removing.contains(id));
        List<Integer> staying = inSync.stream().filter(target::contains).toList();
        boolean complete = staying.containsAll(adding)
                && (adding.size() >= removing.size() || staying.containsAll(target))
                && staying.size() >= Math.min(policy.minInSyncReplicas(), target.size())
                && !staying.isEmpty();
        if (complete) {
            adding = List.of();
            removing = List.of();
            replaceReplicas(target);
        }
    }

    // ---- Who leads.

    /**
     * {@code Elect}: the leader stays if it can, else one that is in sync leads, else one that is eligible, which is then the only one in sync,
     * else nobody. The first in the order of preference, of several.
     */
    void elect() {
        if (inSync.contains(leader) && able(leader)) {
            return;
        }
        int next = first(id -> inSync.contains(id) && able(id));
        if (next == PartitionImage.NO_LEADER && inSync.isEmpty()) {
            next = first(id -> eligible.contains(id) && able(id)); // KIP-966: as good as in sync
            if (next != PartitionImage.NO_LEADER) {
                inSync = List.of(next);
                eligible = without(eligible, next);
            }
        }
        if (next != leader) {
            reign(next);
        }
    }

    /** Leadership goes to the first replica, if that is in sync and able. */
    boolean electPreferred() {
        int preferred = replicas.getFirst();
        boolean can = inSync.contains(preferred) && able(preferred);
        if (can && leader != preferred) {
            reign(preferred);
        }
        return can;
    }

    /**
     * {@code ElectUnclean}, when nobody leads or can without a loss: who led last, or the first that is able. It is recorded.
     *
     * @return whether somebody was elected
     */
    boolean electUncleanly() {
        if (hasLeader()) {
            return false;
        }
        int next = first(id -> lastLeader.contains(id) && able(id));
        if (next == PartitionImage.NO_LEADER) {
            next = first(this::able);
        }
        if (next == PartitionImage.NO_LEADER) {
            return false;
        }
        inSync = List.of(next);
        eligible = List.of();
        recovery = LeaderRecovery.RECOVERING;
        uncleanly = true; // said also when the last such election is not recovered from
        reign(next);
        return true;
    }

    /**
     * Whether an unclean election needs no operator: the topic allows it; or there is one replica, so waiting brings nobody who has more
     * (decision 26).
     */
    boolean isElectedUncleanlyByItself() {
        return policy.uncleanElection() || (replicas.size() == 1 && inSync.isEmpty() && eligible.isEmpty());
    }

    private void reign(int next) {
        lastLeader = next == PartitionImage.NO_LEADER ? List.of(leader) : List.of();
        leader = next;
        newReign = true;
    }

    /** May lead and be in sync: the broker is active, and the directory of its replica is not known to have failed. */
    private boolean able(int replica) {
        BrokerImage broker = image.broker(replica);
        return broker != null && broker.isActive() && broker.reaches(directoryOf(replica));
    }

    private int first(IntPredicate wanted) {
        for (int replica : replicas) {
            if (wanted.test(replica)) {
                return replica;
            }
        }
        return PartitionImage.NO_LEADER;
    }

    private List<Integer> ordered(IntPredicate wanted) {
        return replicas.stream().filter(wanted::test).toList();
    }

    private static List<Integer> without(List<Integer> ids, int id) {
        return ids.stream().filter(other -> other != id).toList();
    }

    // ---- The record.

    /** Null when nothing is to be changed. */
    @Nullable
    PartitionChange change() {
        List<UUID> inDirectories = replicas.stream().map(this::directoryOf).toList();
        boolean unsaid =
                before.directories().isEmpty() && inDirectories.stream().allMatch(UNASSIGNED::equals);
        boolean moved = !unsaid && !inDirectories.equals(before.directories());
        boolean same = !newReign
                && !decided
                && !moved
                && inSync.equals(before.inSyncReplicas())
                && eligible.equals(before.eligibleLeaderReplicas())
                && replicas.equals(before.replicas())
                && adding.equals(before.addingReplicas())
                && removing.equals(before.removingReplicas())
                && recovery == before.leaderRecovery();
        return same
                ? null
                : new PartitionChange(
                        topicId,
                        number,
                        decided ? inSync : changed(inSync, before.inSyncReplicas()),
                        newReign ? leader : PartitionChange.NO_LEADER_CHANGE,
                        changed(replicas, before.replicas()),
                        changed(removing, before.removingReplicas()),
                        changed(adding, before.addingReplicas()),
                        recovery == before.leaderRecovery() && !uncleanly ? null : recovery,
                        moved ? inDirectories : null,
                        changed(eligible, before.eligibleLeaderReplicas()),
                        changed(lastLeader, before.lastKnownEligibleLeaderReplicas()));
    }

    private static @Nullable List<Integer> changed(List<Integer> now, List<Integer> before) {
        return now.equals(before) ? null : now;
    }

    /** A draft that begins where this one ends. */
    PartitionDraft next() {
        PartitionChange change = change();
        return new PartitionDraft(image, policy, topicId, number, change == null ? before : before.changedBy(change));
    }

    /**
     * Elects, and then uncleanly if it comes to that: a second record, so that the log tells the one from the other.
     *
     * @param records gets what has changed
     */
    void electInto(List<MetadataRecord> records) {
        settle();
        addTo(records);
        PartitionDraft unclean = next();
        if (unclean.isElectedUncleanlyByItself() && unclean.electUncleanly()) {
            unclean.settle();
            unclean.addTo(records);
        }
    }

    /** Who is in sync may make a reassignment complete, that may take the leader away, and an election may change who is in sync. */
    void settle() {
        completeReassignment();
        elect();
        completeReassignment();
        elect();
    }

    void addTo(List<MetadataRecord> records) {
        PartitionChange change = change();
        if (change != null) {
            records.add(change);
        }
    }
}
