------------------------------ MODULE Majority ------------------------------
(* Replication by majority of a fixed set: the alternative to in-sync replicas (core/Isr) that Raft made familiar, as small as it
   gets, under the same faults and with the same abstract object, so that the checker compares what they bear.

   A leader is elected by a majority whose logs are no better than its own; a record is committed when a majority has it in the
   leader's own term (Ongaro 2014, section 5.4.2). With durability "sync" a replica counts once the record is on its disk, with
   "page-cache" at once; a lossy crash keeps what was synced and any part of the rest. Terms and votes are always on disk.

   Abstracted: a vote of a majority is one step, and so is the exchange that brings a follower one record; there are no messages
   that are late, because a message of an old term does nothing. core/Quorum has all of that; here only the tolerance is of
   interest. *)
EXTENDS Logs, FiniteSets

CONSTANTS
    Replica,
    Durability,  \* "sync" or "page-cache"
    MaxRecords,  \* model: records that are written
    Budget,      \* model: how many lossy crashes and fences there are
    FencesEnd,   \* whether who was fenced comes back
    Bugs

Bug(b) == b \in Bugs

VARIABLES
    term, leads,   \* of each replica: its term, and whether it leads in it
    log, synced,   \* records [term, id]; how much of it is on disk
    fenced,        \* cut off from all others
    committed,     \* the model's memory: records that were committed, in order
    left           \* of the model
vars == <<term, leads, log, synced, fenced, committed, left>>

IsMajority(S) == 2 * Cardinality(S) > Cardinality(Replica)
LastTerm(s) == IF s = <<>> THEN 0 ELSE s[Len(s)].term
IsNoBetter(s, t) == LastTerm(s) < LastTerm(t) \/ (LastTerm(s) = LastTerm(t) /\ Len(s) <= Len(t))
Opening == 0 \* the id of the record that opens a term
Ids(s) == {s[n].id : n \in DOMAIN s} \ {Opening}
Max(S) == CHOOSE x \in S : \A y \in S : y <= x
Leaders == {r \in Replica : leads[r] /\ r \notin fenced}
DurableEnd(r) == IF Durability = "sync" THEN synced[r] ELSE Len(log[r])

Init ==
    /\ term = [r \in Replica |-> 0] /\ leads = [r \in Replica |-> FALSE]
    /\ log = [r \in Replica |-> <<>>] /\ synced = [r \in Replica |-> 0]
    /\ fenced = {} /\ committed = <<>> /\ left = Budget

(* A replica *)

\* Nobody leads for all it knows: it asks the others, and a majority grants it the next term. It opens it with a record of its
\* own, for nothing older is committed before one of its own term is.
Elect(r) ==
    /\ r \notin fenced /\ Leaders = {}
    /\ \E voters \in SUBSET (Replica \ fenced) :
         /\ r \in voters /\ IsMajority(voters)
         /\ \A v \in voters : IsNoBetter(log[v], log[r]) \/ Bug("VoteWithoutComparison")
         /\ LET next == Max({term[v] : v \in voters}) + 1
            IN /\ term' = [v \in Replica |-> IF v \in voters THEN next ELSE term[v]]
               /\ leads' = [v \in Replica |-> IF v \in voters THEN v = r ELSE leads[v]]
               /\ log' = IF Bug("TermsAreNotOpened") THEN log ELSE [log EXCEPT ![r] = Append(@, [term |-> next, id |-> Opening])]
    /\ UNCHANGED <<synced, fenced, committed, left>>

Sync(r) ==
    /\ synced[r] < Len(log[r])
    /\ synced' = [synced EXCEPT ![r] = Len(log[r])]
    /\ UNCHANGED <<term, leads, log, fenced, committed, left>>

(* A leader *)

\* A producer's record, or its retry when an earlier leader took it with it.
Write(r) ==
    /\ leads[r] /\ Cardinality(Ids(log[r])) < MaxRecords
    /\ LET id == CHOOSE i \in 1 .. MaxRecords : i \notin Ids(log[r]) /\ \A j \in 1 .. i - 1 : j \in Ids(log[r])
       IN log' = [log EXCEPT ![r] = Append(@, [term |-> term[r], id |-> id])]
    /\ UNCHANGED <<term, leads, synced, fenced, committed, left>>

\* A follower drops what the leader does not have, durably, and gets the next record.
Replicate(r, f) ==
    /\ leads[r] /\ r # f /\ {r, f} \cap fenced = {} /\ term[f] <= term[r]
    /\ LET agreed == AgreedEnd(log[r], log[f])
       IN /\ agreed < Len(log[r]) \/ agreed < Len(log[f]) \/ term[f] < term[r]
          /\ log' = [log EXCEPT ![f] = SubSeq(log[r], 1, Smaller(agreed + 1, Len(log[r])))]
          /\ synced' = [synced EXCEPT ![f] = Smaller(@, agreed)]
    /\ term' = [term EXCEPT ![f] = term[r]] /\ leads' = [leads EXCEPT ![f] = FALSE]
    /\ UNCHANGED <<fenced, committed, left>>

\* Has everybody of some majority this much of the leader's log on what counts, in the leader's own term?
Commit(r) ==
    /\ leads[r] /\ r \notin fenced
    /\ \E end \in 1 .. Len(log[r]) :
         LET has == {f \in Replica \ fenced : term[f] = term[r] /\ DurableEnd(f) >= end /\ AgreedEnd(log[f], log[r]) >= end}
         IN /\ IF Bug("MinorityCommits") THEN has # {} ELSE IsMajority(has)
            /\ log[r][end].term = term[r] \/ Bug("OlderTermsCount")
            /\ end > Len(committed) \/ ~IsPrefix(SubSeq(log[r], 1, end), committed)
            /\ committed' = SubSeq(log[r], 1, end)
    /\ UNCHANGED <<term, leads, log, synced, fenced, left>>

(* The world *)

\* A machine stops and starts again: any part of what was not synced is gone.
Crash(r) ==
    /\ left.crash > 0 /\ left' = [left EXCEPT !.crash = @ - 1]
    /\ \E end \in synced[r] .. Len(log[r]) :
         /\ log' = [log EXCEPT ![r] = SubSeq(@, 1, end)]
         /\ synced' = [synced EXCEPT ![r] = end]
    /\ leads' = [leads EXCEPT ![r] = FALSE]
    /\ UNCHANGED <<term, fenced, committed>>

Fence(r) ==
    /\ left.fence > 0 /\ left' = [left EXCEPT !.fence = @ - 1]
    /\ r \notin fenced /\ fenced' = fenced \cup {r}
    /\ UNCHANGED <<term, leads, log, synced, committed>>
Unfence(r) ==
    /\ r \in fenced /\ FencesEnd /\ fenced' = fenced \ {r}
    /\ leads' = [leads EXCEPT ![r] = FALSE] \* it hears of the others before it does anything
    /\ UNCHANGED <<term, log, synced, committed, left>>

Next == \E r \in Replica :
    \/ Elect(r) \/ Sync(r) \/ Write(r) \/ (\E f \in Replica : Replicate(r, f)) \/ Commit(r)
    \/ Crash(r) \/ Fence(r) \/ Unfence(r)
Spec == Init /\ [][Next]_vars
\* Who can lead does in the end, one that can lead rather than one that cannot. model: liveness has no symmetry, so one and the
\* same leads at first, elected by all.
First == CHOOSE r \in Replica : TRUE
Led ==
    /\ term = [r \in Replica |-> 1] /\ leads = [r \in Replica |-> r = First]
    /\ log = [r \in Replica |-> IF r = First THEN <<[term |-> 1, id |-> Opening]>> ELSE <<>>] /\ synced = [r \in Replica |-> 0]
    /\ committed = <<>> /\ left = Budget
Live ==
    /\ [][Next]_vars
    /\ \A r \in Replica : SF_vars(Elect(r)) /\ WF_vars(Sync(r)) /\ WF_vars(Write(r)) /\ WF_vars(Commit(r)) /\ WF_vars(Unfence(r))
    /\ \A r, f \in Replica : WF_vars(Replicate(r, f))
LiveSpec == Led /\ fenced = {} /\ Live
\* One is away from the beginning on: the leader, or another, and the others are alike.
AwaySpec == Led /\ (fenced = {First} \/ fenced = {CHOOSE r \in Replica : r # First}) /\ Live

TypeOK == Cardinality(Leaders) <= 1 /\ \A r \in Replica : synced[r] <= Len(log[r])
\* Whoever leads has everything that was ever committed.
LeaderComplete == \A r \in Leaders : (\A f \in Replica : term[f] <= term[r]) => IsPrefix(committed, log[r])
\* All that is written is committed, once the faults are over.
WriteDecided == <>(Ids(committed) = 1 .. MaxRecords)
\* The same with no other records than those that open the terms: in the end somebody leads and has committed in its own term.
GoesOn == <>[](committed # <<>> /\ \E r \in Leaders : committed[Len(committed)].term = term[r])

LeaderWithoutRecord == \E r \in Leaders : Len(log[r]) < Len(committed)
RecordDropped == \E r, f \in Replica : term[r] < term[f] /\ leads[f] /\ AgreedEnd(log[r], log[f]) < Len(log[r])

Abstract == INSTANCE CommittedLog WITH
    Value <- 1 .. MaxRecords, Reader <- {}, log <- committed, acked <- Range(committed), received <- <<>>
ImplementsCommittedLog == Abstract!Promise
=============================================================================
