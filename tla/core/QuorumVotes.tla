----------------------------- MODULE QuorumVotes -----------------------------
(* Votes are unique, whatever happened before.  The other runs begin where a quorum begins and go as far as their bounds; this one
   begins in *every* state that satisfies VotesAreKept, reachable or not, and takes every step of Quorum that touches votes.  That
   VotesAreKept holds again makes it inductive: by it, an epoch has at most one winner after any number of steps, epochs before
   it, elections and crashes. *)
EXTENDS Quorum

(* What each voter has granted is what its hard state remembers of its epoch, and it has granted nothing in a later one. *)
VotesAreKept ==
  \A b \in votes : \A s \in Server : b.voter = Key(s) =>
    b.epoch < epoch[s] \/ (b.epoch = epoch[s] /\ voted[s] = b.candidate)

(* What follows from it and VoteOnce: two candidates cannot both have a majority. *)
OneWinner ==
  \A e \in 1..MaxEpoch : \A c, d \in Server :
    LET gave(x) == {v \in Voters(x) : Ballot(FALSE, e, v, Key(x), TRUE) \in votes}
    IN Quorum(gave(c), Voters(c)) /\ Quorum(gave(d), Voters(d)) => c = d

(* Every way to have voted; given[s][e] is whom s voted for in epoch e.  Logs are empty, as votes do not depend on them, and every
   candidate's request is under way in every epoch. *)
AnyInit ==
  \E given \in [Server -> [1..MaxEpoch -> Server \cup {Nobody}]], e \in [Server -> 0..MaxEpoch] :
    /\ \A s \in Server, n \in 1..MaxEpoch : n > e[s] => given[s][n] = Nobody
    /\ epoch  = e
    /\ voted  = [s \in Server |-> IF e[s] = 0 THEN Nobody
                                 ELSE IF given[s][e[s]] = Nobody THEN Nobody ELSE <<given[s][e[s]], 0>>]
    /\ votes  = {Ballot(FALSE, n, <<s, 0>>, <<given[s][n], 0>>, TRUE) :
                  <<s, n>> \in {x \in Server \X (1..MaxEpoch) : given[x[1]][x[2]] # Nobody}}
    /\ asked  = {[pre |-> FALSE, epoch |-> n, candidate |-> <<s, 0>>, voters |-> {<<x, 0>> : x \in InitialVoters},
                  lastEpoch |-> 0, end |-> 0] : s \in InitialVoters, n \in 1..MaxEpoch}
    /\ leader = [s \in Server |-> Nobody]
    /\ role   = [s \in Server |-> "Unattached"]
    /\ directory = [s \in Server |-> 0]
    /\ log    = [s \in Server |-> <<>>]
    /\ synced = [s \in Server |-> 0]
    /\ start  = [s \in Server |-> 0]
    /\ hw     = [s \in Server |-> 0]
    /\ ends   = [s \in Server |-> NoEnds]
    /\ net    = [s \in Server |-> [i \in Slot |-> Nothing]]
    /\ elected = {} /\ committed = <<>> /\ records = 0 /\ left = Budget

Voting ==
  \/ \E s \in Server : Campaign(s)
  \/ \E s \in Server : AnswerVote(s)
  \/ \E s \in Server : Crash(s)
=============================================================================
