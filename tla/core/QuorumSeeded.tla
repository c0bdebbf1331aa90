---------------------------- MODULE QuorumSeeded ----------------------------
(* Quorum from later starts: states that a real quorum gets into, but that a search from the beginning reaches only after millions
   of others.  Two mistakes show only behind them.  That each start can be reached is argued beside it; and from each of them the
   product keeps all that it promises, which is what the control runs of these mutants check.                                   *)
EXTENDS Quorum

CONSTANTS A, B, C, D, E   \* model: the servers by the part that they play; E is no voter at first

(* Everybody is in epoch e, follows its leader l, for whom those in gave voted, and has the given log on its disk. *)
Started(e, l, gave, logs) ==
  /\ epoch  = [s \in Server |-> e]
  /\ voted  = [s \in Server |-> IF s \in gave THEN <<l, 0>> ELSE Nobody]
  /\ leader = [s \in Server |-> l]
  /\ role   = [s \in Server |-> IF s = l THEN "Leader" ELSE "Follower"]
  /\ directory = [s \in Server |-> 0]
  /\ log    = logs
  /\ synced = [s \in Server |-> Len(logs[s])]
  /\ start  = [s \in Server |-> 0]
  /\ net    = [s \in Server |-> [i \in Slot |-> Nothing]]
  /\ asked = {} /\ votes = {}
  /\ records = 0 /\ left = Budget

LeaderOf(e) == Entry(e, "leader", 0, {})

(* Figure 8 of Raft, (c): A led epoch 1, B epoch 2, and neither got an entry to anybody; now A leads epoch 3.  Reached by: A wins
   epoch 1; B wins epoch 2 with the vote of C; A meets epoch 2 in B's request, and wins epoch 3 with the vote of C. *)
FigureEightInit ==
  /\ Started(3, A, {A, C}, (A :> <<LeaderOf(1), LeaderOf(3)>> @@ B :> <<LeaderOf(2)>> @@ C :> <<>>))
  /\ hw = [s \in Server |-> 0] /\ ends = [s \in Server |-> NoEnds]
  /\ elected = {[epoch |-> 1, leader |-> A], [epoch |-> 2, leader |-> B], [epoch |-> 3, leader |-> A]}
  /\ committed = <<>>
FigureEightSpec == FigureEightInit /\ [][Next]_vars

(* A leads the voters A to D in epoch 1, and E observes.  All have the leader's first entry, which is committed; A has made E a
   voter, and that entry is nowhere else.  Reached by: A wins epoch 1, its entry is fetched by all, and it adds E. *)
FifthVoterInit ==
  /\ Started(1, A, InitialVoters,
             [s \in Server |-> IF s = A THEN <<LeaderOf(1), Entry(1, "voters", 0, {<<x, 0>> : x \in Server})>>
                               ELSE <<LeaderOf(1)>>])
  /\ hw   = [s \in Server |-> IF s = A THEN 1 ELSE 0]
  /\ ends = [s \in Server |-> [x \in Server |-> [directory |-> 0, offset |-> IF s = A /\ x # A THEN 1 ELSE -1]]]
  /\ elected = {[epoch |-> 1, leader |-> A]}
  /\ committed = <<LeaderOf(1)>>
FifthVoterSpec == FifthVoterInit /\ [][Next]_vars

(* Model: where to look.  Only A and B campaign, and only C fetches. *)
FifthVoterFocus ==
  /\ \A s \in {C, D, E} : role'[s] \in {"Unattached", "Follower"}
  /\ \A s \in Server \ {C}, i \in Slot : net'[s][i] = Nothing
=============================================================================
