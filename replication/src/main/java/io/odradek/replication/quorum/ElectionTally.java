package io.odradek.replication.quorum;

import java.util.HashMap;
import java.util.Map;

/** The answers to one candidate's requests for a vote, or for a pre-vote. */
final class ElectionTally {

    private final VoterSet voters;
    private final Map<Integer, Boolean> granted = new HashMap<>();

    /** @param voters by the candidate's own log, as it was when it asked */
    ElectionTally(VoterSet voters) {
        this.voters = voters;
    }

    void count(int voter, boolean grants) {
        if (voters.ids().contains(voter)) {
            granted.putIfAbsent(voter, grants);
        }
    }

    boolean hasAnswered(int voter) {
        return granted.containsKey(voter);
    }

    VoterSet voters() {
        return voters;
    }

    boolean won() {
        return votes(true) >= voters.majority();
    }

    /** Not enough are left that could still grant. */
    boolean lost() {
        return voters.size() - votes(false) < voters.majority();
    }

    private long votes(boolean grant) {
        return granted.values().stream().filter(given -> given == grant).count();
    }
}
