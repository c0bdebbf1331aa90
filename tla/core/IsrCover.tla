------------------------------ MODULE IsrCover ------------------------------
(* The lemma that Isr rests on: whoever could be elected counts for the leader's high watermark (Superset). Here it is shown to be
   inductive: not from the first state on, but one step from every state of a small scope that is well typed and satisfies
   Covered, reachable or not. So it holds after any number of steps, faults and decisions, as far as three replicas show it.

   What it says: among the decisions of one epoch that a leader has not applied yet, only the first can bring somebody in, since a
   proposal is judged by the partition epoch that it was based on; and whom it brings in the leader has proposed, and counts. *)
EXTENDS Isr, TLC

CONSTANTS
    MaxDecisions,  \* model: how many decisions the metadata has to begin with
    Behind         \* model: how many of them at least the leader has not applied

Candidates(p) == p.isr \cup p.elr

WellFormed(p) ==
  /\ p.isr \cap p.elr = {}
  /\ p.leader # Nobody => p.leader \in p.isr
  /\ Cardinality(p.isr) >= MinIsr => p.elr = {}

(* Of the decisions in the current epoch, the leader's next may bring in whom it has proposed, and the others bring in nobody. *)
Covered ==
  /\ \A i \in 1..Len(metadata) : WellFormed(metadata[i])
  /\ \A i, j \in 1..Len(metadata) :
       i < j => /\ metadata[i].leaderEpoch <= metadata[j].leaderEpoch
                /\ metadata[i].leaderEpoch = metadata[j].leaderEpoch => metadata[i].leader = metadata[j].leader
  /\ \A r \in Replica : proposal[r] # None => Known(r).leader = r /\ proposal[r].partitionEpoch = applied[r]
  /\ \A r \in Replica : Current.leader = r =>
       \A i \in applied[r] + 1..Len(metadata) :
         i > 1 /\ metadata[i - 1].leaderEpoch = Current.leaderEpoch =>
           IF i > applied[r] + 1 THEN Candidates(metadata[i]) \subseteq Candidates(metadata[i - 1])
           ELSE LET proposed == IF proposal[r] = None \/ proposal[r].copies = "refused" THEN {} ELSE proposal[r].isr
                IN Up(r) => Candidates(metadata[i]) \subseteq Candidates(metadata[i - 1]) \cup proposed

(* Every state of the scope: decisions of the first leader's one epoch, of which it has applied some; it has proposed something or
   not, and has heard of everyone, so that it may propose anything. The logs are empty: the lemma says nothing about them. *)
Leader == CHOOSE r \in Replica : TRUE
Decisions ==
  {p \in [leader : {Leader}, leaderEpoch : {1}, isr : SUBSET Replica, elr : SUBSET Replica, unclean : {FALSE}] : WellFormed(p)}
Proposals(n) ==
  {None} \cup [isr : {S \in SUBSET Replica : Leader \in S}, joins : {{}} \cup {{x} : x \in Replica \ {Leader}},
               brokerEpoch : {1}, partitionEpoch : {n}, copies : {"one", "many", "refused"}]

Anywhere ==
  /\ \E n \in 1..MaxDecisions :
       /\ metadata \in [1..n -> Decisions]
       /\ \E a \in 1..n - Behind :
            /\ applied = [r \in Replica |-> IF r = Leader THEN a ELSE n]
            /\ \E q \in Proposals(a) : proposal = [r \in Replica |-> IF r = Leader THEN q ELSE None]
  /\ \E fenced \in SUBSET Replica : registration = [r \in Replica |-> [fenced |-> r \in fenced, brokerEpoch |-> 1]]
  /\ \E p \in {"up", "crashed"} : process = [r \in Replica |-> IF r = Leader THEN p ELSE "up"]
  /\ lease = [r \in Replica |-> TRUE]
  /\ log = [r \in Replica |-> <<>>] /\ synced = [r \in Replica |-> 0]
  /\ highWatermark = [r \in Replica |-> 0] /\ epochStart = [r \in Replica |-> 0]
  /\ progress = [r \in Replica |-> [f \in Replica |-> [offset |-> 0, brokerEpoch |-> 1]]]
  /\ exchange = [r \in Replica |-> [x \in Exchange |-> None]]
  /\ committed = <<>> /\ acked = {} /\ received = [c \in Consumer |-> <<>>] /\ nextId = 1
  /\ left = [crash |-> MaxCrash, stop |-> MaxStop, fence |-> MaxFence, shrink |-> MaxShrink, doubt |-> MaxDoubt]
  /\ Covered

(* model: one step from each of these states, and no further. *)
OneStep == TLCGet("level") <= 1

(* What must be reached: a state in which the leader does not know all of its present candidates to be decided. *)
CountsMoreThanDecided == InCharge(Leader) /\ ~(Candidates(Current) \subseteq Candidates(Known(Leader)))
=============================================================================
