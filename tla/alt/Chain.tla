-------------------------------- MODULE Chain --------------------------------
(* Chain replication (van Renesse and Schneider, OSDI 2004), as small as it gets, under the same faults as core/Isr and
   alt/Majority and with the same abstract object.

   Records enter at the head and go from each replica to the next; what the tail has is committed. A master (a CommittedLog of its
   own, here one variable) takes out of the chain who crashed or is fenced, never the last; who comes back copies the tail's log
   and joins behind it. With durability "sync" a replica passes on what is on its disk, and the tail commits that.

   Abstracted: a passing-on is one step, and the master's word is known at once. *)
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
    chain,       \* the master's word: replicas from head to tail
    log, synced, \* ids; how much of it is on disk
    fenced,      \* cut off from all others
    committed,   \* the model's memory
    left         \* of the model
vars == <<chain, log, synced, fenced, committed, left>>

Members == Range(chain)
TheTail == chain[Len(chain)]
DurableEnd(r) == IF Durability = "sync" /\ ~Bug("UnsyncedIsPassedOn") THEN synced[r] ELSE Len(log[r])
Without(r) == SelectSeq(chain, LAMBDA x : x # r)
\* The master takes r out, but never the last one: nobody else is known to have everything.
TakenOut(r) == IF r \in Members /\ Len(chain) > 1 THEN Without(r) ELSE chain

Init ==
    /\ chain \in {s \in [1 .. Cardinality(Replica) -> Replica] : Range(s) = Replica}
    /\ log = [r \in Replica |-> <<>>] /\ synced = [r \in Replica |-> 0]
    /\ fenced = {} /\ committed = <<>> /\ left = Budget

(* A replica *)

\* The head takes the next record, or the retry of one that a former head took with it.
Write(r) ==
    /\ chain[1] = r /\ r \notin fenced /\ Len(log[r]) < MaxRecords
    /\ log' = [log EXCEPT ![r] = Append(@, Len(@) + 1)]
    /\ UNCHANGED <<chain, synced, fenced, committed, left>>
Sync(r) ==
    /\ synced[r] < Len(log[r])
    /\ synced' = [synced EXCEPT ![r] = Len(log[r])]
    /\ UNCHANGED <<chain, log, fenced, committed, left>>
\* To the next in the chain goes the next record.
PassOn(n) ==
    /\ n < Len(chain) /\ {chain[n], chain[n + 1]} \cap fenced = {}
    /\ Len(log[chain[n + 1]]) < DurableEnd(chain[n])
    /\ log' = [log EXCEPT ![chain[n + 1]] = Append(@, log[chain[n]][Len(@) + 1])]
    /\ UNCHANGED <<chain, synced, fenced, committed, left>>
\* What the tail has is committed, and the tail says so to producers.
Commit(r) ==
    /\ r = (IF Bug("HeadCommits") THEN chain[1] ELSE TheTail) /\ r \notin fenced
    /\ DurableEnd(r) > Len(committed)
    /\ committed' = SubSeq(log[r], 1, DurableEnd(r))
    /\ UNCHANGED <<chain, log, synced, fenced, left>>
\* Copies the tail's log and joins behind it.
Join(r) ==
    /\ r \notin Members /\ r \notin fenced /\ TheTail \notin fenced
    /\ LET copy == IF Bug("JoinsWithoutCopy") THEN log[r] ELSE SubSeq(log[TheTail], 1, DurableEnd(TheTail))
       IN /\ log' = [log EXCEPT ![r] = copy]
          /\ synced' = [synced EXCEPT ![r] = Len(copy)]
    /\ chain' = Append(chain, r)
    /\ UNCHANGED <<fenced, committed, left>>

(* The world *)

\* A machine stops and starts again: any part of what was not synced is gone, and the master takes it out, unless it is the last.
Crash(r) ==
    /\ left.crash > 0 /\ left' = [left EXCEPT !.crash = @ - 1]
    /\ \E end \in synced[r] .. Len(log[r]) :
         /\ log' = [log EXCEPT ![r] = SubSeq(@, 1, end)]
         /\ synced' = [synced EXCEPT ![r] = end]
    /\ chain' = IF Bug("CrashedStays") THEN chain ELSE TakenOut(r)
    /\ UNCHANGED <<fenced, committed>>
Fence(r) ==
    /\ left.fence > 0 /\ left' = [left EXCEPT !.fence = @ - 1]
    /\ r \notin fenced /\ fenced' = fenced \cup {r}
    /\ chain' = TakenOut(r)
    /\ UNCHANGED <<log, synced, committed>>
Unfence(r) ==
    /\ r \in fenced /\ FencesEnd /\ fenced' = fenced \ {r}
    /\ UNCHANGED <<chain, log, synced, committed, left>>

Next ==
    \/ \E r \in Replica : Write(r) \/ Sync(r) \/ Commit(r) \/ Join(r) \/ Crash(r) \/ Fence(r) \/ Unfence(r)
    \/ \E n \in 1 .. Cardinality(Replica) : PassOn(n)
Spec == Init /\ [][Next]_vars
LiveSpec ==
    /\ Spec
    /\ \A r \in Replica : WF_vars(Write(r)) /\ WF_vars(Sync(r)) /\ WF_vars(Commit(r)) /\ WF_vars(Unfence(r)) /\ WF_vars(Join(r))
    /\ \A n \in 1 .. Cardinality(Replica) : WF_vars(PassOn(n))

TypeOK == Len(chain) >= 1 /\ Cardinality(Members) = Len(chain) /\ \A r \in Replica : synced[r] <= Len(log[r])
\* Each in the chain has what the next one has, and everything that was ever committed.
Ordered == \A n \in 1 .. Len(chain) - 1 : IsPrefix(log[chain[n + 1]], log[chain[n]])
AllHaveWhatIsCommitted == \A n \in 1 .. Len(chain) : Len(log[chain[n]]) >= Len(committed)
WriteDecided == <>(Len(committed) = MaxRecords)

Rejoined == Len(chain) = Cardinality(Replica) /\ left.crash + left.fence < Budget.crash + Budget.fence
LastOne == Len(chain) = 1 /\ committed # <<>>

Abstract == INSTANCE CommittedLog WITH
    Value <- 1 .. MaxRecords, Reader <- {}, log <- committed, acked <- Range(committed), received <- <<>>
ImplementsCommittedLog == Abstract!Promise
==============================================================================
