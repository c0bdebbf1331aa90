------------------------------- MODULE InSync -------------------------------
(* Replication by in-sync replicas, as small as alt/Majority and alt/Chain, under the same faults and with the same abstract
   object, so that the checker compares what the three bear. The protocol itself, with messages, metadata that is late and brokers
   that act on it, is core/Isr; what holds there at the bounds of a few faults is asked here at more of them.

   A controller (a CommittedLog of its own, here three variables) says who leads, who is in sync, and who is eligible besides.
   What everybody in sync has is committed, while at least min.insync.replicas are. Who crashed or is fenced leaves the ISR; it
   stays eligible while too few are in sync to commit, unless it may have lost its page cache (KIP-966). Without that rule, as
   Kafka was before, the last one in sync stays there, and is elected again whatever it has lost.

   Abstracted: the controller's word is known at once, and the exchange that brings a follower one record is one step. *)
EXTENDS Logs, FiniteSets

CONSTANTS
    Replica,
    Nobody,      \* who leads when nobody does
    MinIsr,      \* min.insync.replicas
    Eligible,    \* whether who leaves the ISR stays eligible (KIP-966)
    Durability,  \* "sync" or "page-cache"
    MaxRecords,  \* model: records that are written
    Budget,      \* model: how many lossy crashes and fences there are
    FencesEnd,   \* whether who was fenced comes back
    Bugs

Bug(b) == b \in Bugs

VARIABLES
    epoch, leader,        \* the controller's word
    inSync, eligible,
    log, synced,          \* records [epoch, id]; how much of it is on disk
    fenced,               \* cut off from all others
    committed,            \* the model's memory: records that were committed, in order
    left                  \* of the model
controller == <<epoch, leader, inSync, eligible>>
vars == <<controller, log, synced, fenced, committed, left>>

Ids(s) == {s[n].id : n \in DOMAIN s}
DurableEnd(r) == IF Durability = "sync" THEN synced[r] ELSE Len(log[r])
\* How much of the leader's log a replica has, on what counts.
Has(r) == Smaller(DurableEnd(r), AgreedEnd(log[r], log[leader]))

Init ==
    /\ epoch = 1 /\ leader \in Replica /\ inSync = Replica /\ eligible = {}
    /\ log = [r \in Replica |-> <<>>] /\ synced = [r \in Replica |-> 0]
    /\ fenced = {} /\ committed = <<>> /\ left = Budget

(* The controller *)

\* Who is in sync and who is eligible once r is not in sync any more.
Without(r) ==
    LET rest == inSync \ {r}
    IN IF ~Eligible THEN [inSync |-> IF rest = {} THEN inSync ELSE rest, eligible |-> {}]
       ELSE [inSync |-> rest, eligible |-> IF Cardinality(rest) >= MinIsr THEN {} ELSE eligible \cup (inSync \ rest)]

\* The incumbent leads on if it can; else one that is in sync leads, else one that is eligible, which is then the only one in
\* sync; else nobody. Each reign has an epoch of its own, and a crash ends one even if nobody else can lead.
Elect(incumbent, known, away) ==
    LET present == known.inSync \ away
        next    == known.eligible \ away
        word(l, isr, elr) ==
          /\ epoch' = IF l = incumbent THEN epoch ELSE epoch + 1
          /\ leader' = l /\ inSync' = isr /\ eligible' = elr
    IN IF incumbent \in present THEN word(incumbent, known.inSync, known.eligible)
       ELSE IF present # {} THEN \E l \in present : word(l, known.inSync, known.eligible)
       ELSE IF known.inSync = {} /\ next # {} THEN \E l \in next : word(l, {l}, known.eligible \ {l})
       ELSE word(Nobody, known.inSync, known.eligible)

LeaderBut(r) == IF leader = r THEN Nobody ELSE leader

\* A follower has caught up with all that is committed.
Join(f) ==
    /\ leader # Nobody /\ f \notin inSync \cup fenced
    /\ Has(f) >= Len(committed) \/ Bug("JoinsBehind")
    /\ inSync' = inSync \cup {f}
    /\ eligible' = IF Cardinality(inSync') >= MinIsr THEN {} ELSE eligible \ {f}
    /\ UNCHANGED <<epoch, leader, log, synced, fenced, committed, left>>

(* A replica *)

\* The leader takes a producer's record, or its retry when an earlier leader took it with it, unless too few are in sync.
Write ==
    /\ leader # Nobody /\ Cardinality(inSync) >= MinIsr
    /\ \E id \in 1 .. MaxRecords :
         /\ id \notin Ids(log[leader]) /\ \A before \in 1 .. id - 1 : before \in Ids(log[leader])
         /\ log' = [log EXCEPT ![leader] = Append(@, [epoch |-> epoch, id |-> id])]
    /\ UNCHANGED <<controller, synced, fenced, committed, left>>

Sync(r) ==
    /\ synced[r] < Len(log[r])
    /\ synced' = [synced EXCEPT ![r] = Len(log[r])]
    /\ UNCHANGED <<controller, log, fenced, committed, left>>

\* A follower drops what the leader does not have, durably, and gets the next record.
Replicate(f) ==
    /\ leader # Nobody /\ f # leader /\ f \notin fenced /\ log[f] # log[leader]
    /\ LET agreed == AgreedEnd(log[leader], log[f])
       IN /\ log' = [log EXCEPT ![f] = SubSeq(log[leader], 1, Smaller(agreed + 1, Len(log[leader])))]
          /\ synced' = [synced EXCEPT ![f] = Smaller(@, agreed)]
    /\ UNCHANGED <<controller, fenced, committed, left>>

\* What everybody in sync has.
Commit ==
    /\ leader # Nobody
    /\ Cardinality(inSync) >= MinIsr \/ Bug("CommitsBelowMinIsr")
    /\ \E end \in 1 .. Len(log[leader]) :
         /\ \A r \in inSync : Has(r) >= end
         /\ end > Len(committed) \/ ~IsPrefix(SubSeq(log[leader], 1, end), committed)
         /\ committed' = SubSeq(log[leader], 1, end)
    /\ UNCHANGED <<controller, log, synced, fenced, left>>

(* The world *)

\* A machine stops and starts again: any part of what was not synced is gone. It is in sync no more, and eligible only if it lost
\* nothing that counts.
Crash(r) ==
    /\ left.crash > 0 /\ left' = [left EXCEPT !.crash = @ - 1]
    /\ \E end \in synced[r] .. Len(log[r]) :
         /\ log' = [log EXCEPT ![r] = SubSeq(@, 1, end)]
         /\ synced' = [synced EXCEPT ![r] = end]
    /\ LET known    == Without(r)
           lostSome == Durability # "sync" /\ ~Bug("UncleanStaysEligible")
       IN Elect(LeaderBut(r), IF lostSome THEN [known EXCEPT !.eligible = @ \ {r}] ELSE known, fenced)
    /\ UNCHANGED <<fenced, committed>>
Fence(r) ==
    /\ left.fence > 0 /\ left' = [left EXCEPT !.fence = @ - 1]
    /\ r \notin fenced /\ fenced' = fenced \cup {r}
    /\ Elect(LeaderBut(r), Without(r), fenced')
    /\ UNCHANGED <<log, synced, committed>>
Unfence(r) ==
    /\ r \in fenced /\ FencesEnd /\ fenced' = fenced \ {r}
    /\ Elect(leader, [inSync |-> inSync, eligible |-> eligible], fenced')
    /\ UNCHANGED <<log, synced, committed, left>>

Next ==
    \/ Write \/ Commit
    \/ \E r \in Replica : Join(r) \/ Sync(r) \/ Replicate(r) \/ Crash(r) \/ Fence(r) \/ Unfence(r)
Spec == Init /\ [][Next]_vars
LiveSpec ==
    /\ Spec
    /\ WF_vars(Write) /\ WF_vars(Commit)
    /\ \A r \in Replica : WF_vars(Join(r)) /\ WF_vars(Sync(r)) /\ WF_vars(Replicate(r)) /\ WF_vars(Unfence(r))

TypeOK ==
    /\ leader \in Replica \cup {Nobody} /\ inSync \subseteq Replica /\ eligible \subseteq Replica \ inSync
    /\ leader # Nobody => leader \in inSync \ fenced
    /\ \A r \in Replica : synced[r] <= Len(log[r])
\* Whoever leads has everything that was ever committed.
LeaderComplete == leader # Nobody => IsPrefix(committed, log[leader])
\* All that is written is committed, once the faults are over.
WriteDecided == <>(Ids(committed) = 1 .. MaxRecords)

NobodyLeads     == leader = Nobody
LedByEligible   == leader # Nobody /\ inSync = {leader} /\ epoch > 2 /\ committed # <<>>
RecordDropped   == leader # Nobody /\ \E r \in Replica : AgreedEnd(log[r], log[leader]) < Len(log[r])

Abstract == INSTANCE CommittedLog WITH
    Value <- 1 .. MaxRecords, Reader <- {}, log <- committed, acked <- Range(committed), received <- <<>>
ImplementsCommittedLog == Abstract!Promise
=============================================================================
