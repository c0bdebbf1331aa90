--------------------------------- MODULE Ring ---------------------------------
(* The write path of a shard: a ring that many producers fill, and three stages behind it, append -> sync -> settle (WritePath).

   Claim: every write that was accepted is answered exactly once; along one log in order; never before it is as durable as its
   topic demands; and no slot is written again before the slowest stage has let go of it. Entries of page-cache topics overtake
   those that wait for the disk, but never one of their own log. Whatever waits for room gets it. Each log with durability sync is
   a DurableLog.

   Who runs a stage, and how it is woken, is local/WakeUps; what a sync means is local/GroupSync.

   Abstracted: the byte budget (Admission), which admits like the slots do; a stage's pass over several slots is one step where
   nobody else may look at them. *)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
    Producers,
    SyncLogs,   \* logs of topics with durability sync
    CacheLogs,  \* logs of topics with page-cache durability
    Slots,      \* of the ring
    MaxEntries, \* model: writes tried, all together
    Faults,     \* model: how often each of syncFails, reconfigured may happen
    Bugs

Bug(b) == b \in Bugs
Logs == SyncLogs \cup CacheLogs
ASSUME Logs # {} /\ Slots > 0

VARIABLES
    cursor,     \* the last sequence that a producer has claimed
    claim,      \* per producer: what it has claimed and not yet published
    slot,       \* the ring: [sequence, log, id, settleAfter, outcome, settled]; sequence says for which round it is published
    appended, synced, released, \* the stages' sequences: everything up to there is through
    group,      \* append thread: what it has written and not yet handed over
    waiting, syncing, \* groups: through, and how far each log was written
    examined, lastSynced, lastFailed, \* settle thread: what it has looked at
    failure,    \* Syncer.failure
    mustSync,   \* per log: its topic's durability as of now (PartitionLog.mustSync)
    settleAfter,\* per log: LogSlot.settleAfter
    pageCache,  \* per log: ids of the entries written
    onDisk,     \* per log: how many of them a sync has covered
    told,       \* per log: outcomes in the order in which they were told
    left        \* of the model
vars == <<cursor, claim, slot, appended, synced, released, group, waiting, syncing, examined, lastSynced, lastFailed, failure,
          mustSync,
          settleAfter, pageCache, onDisk, told, left>>

Never == -1 \* LogSlot.NEVER_SYNCED
NoGroup == [through |-> Never, ends |-> [l \in Logs |-> 0], logs |-> {}]
NoClaim == [sequence |-> Never]
Larger(a, b) == IF a > b THEN a ELSE b
Spend(fault) == left[fault] > 0 /\ left' = [left EXCEPT ![fault] = @ - 1]
At(sequence) == slot[sequence % Slots]

Init ==
    /\ cursor = Never /\ claim = [p \in Producers |-> NoClaim]
    /\ slot = [s \in 0 .. Slots - 1 |-> [sequence |-> Never, log |-> CHOOSE l \in Logs : TRUE, id |-> Never,
                                          settleAfter |-> Never,
                                         outcome |-> "none", settled |-> FALSE]]
    /\ appended = Never /\ synced = Never /\ released = Never
    /\ group = NoGroup /\ waiting = NoGroup /\ syncing = NoGroup
    /\ examined = Never /\ lastSynced = Never /\ lastFailed = FALSE /\ failure = FALSE
    /\ mustSync = [l \in Logs |-> l \in SyncLogs]
    /\ settleAfter = [l \in Logs |-> Never]
    /\ pageCache = [l \in Logs |-> <<>>] /\ onDisk = [l \in Logs |-> 0] /\ told = [l \in Logs |-> <<>>]
    /\ left = Faults
append == <<appended, group, settleAfter, pageCache>>
sync == <<synced, waiting, syncing, failure, onDisk>>
settle == <<released, examined, lastSynced, lastFailed, told>>

(* ---------------------------------------------------------------------------------------------------------------- producers *)

\* WritePath.tryWrite, ring.tryNext: a free slot, or a refusal that costs nothing.
Claim(p, l) ==
    /\ claim[p] = NoClaim /\ cursor + 1 < MaxEntries
    /\ cursor - (IF Bug("GatedByAppend") THEN appended ELSE released) < Slots
    /\ claim' = [claim EXCEPT ![p] = [sequence |-> cursor + 1, log |-> l]]
    /\ cursor' = cursor + 1
    /\ UNCHANGED <<slot, append, sync, settle, mustSync, left>>

\* Fills the slot and publishes it. The id is that of the sequence: so producers send each thing once.
Publish(p) ==
    /\ claim[p] # NoClaim
    /\ LET s == claim[p].sequence
       IN slot' = [slot EXCEPT ![s % Slots] = [sequence |-> s, log |-> claim[p].log, id |-> s, settleAfter |-> Never,
                                               outcome |-> "none", settled |-> FALSE]]
    /\ claim' = [claim EXCEPT ![p] = NoClaim]
    /\ UNCHANGED <<cursor, append, sync, settle, mustSync, left>>

(* ------------------------------------------------------------------------------------------------------------ append thread *)

IsAvailable(sequence) == At(sequence).sequence = sequence \/ Bug("CursorIsTrusted")
\* WritePath.append, Appender.accept and endGroup: what has been published without a gap, up to any end, is written to its logs;
\* each entry learns what it waits for; the group leaves the stage.
AppendGroup ==
    /\ group = NoGroup
    /\ \E last \in appended + 1 .. cursor :
         /\ \A s \in appended + 1 .. last : IsAvailable(s)
         /\ LET Of(l) == {s \in appended + 1 .. last : At(s).log = l}
                inOrder(S) == [n \in 1 .. Cardinality(S) |-> CHOOSE s \in S : Cardinality({t \in S : t < s}) = n - 1]
                touched == {l \in Logs : Of(l) # {}}
                dirty == {l \in touched : mustSync[l] /\ ~failure}
                waitsFor(l) == IF mustSync[l] THEN last ELSE IF Bug("SettleAfterGoesBack") THEN Never ELSE settleAfter[l]
                after == [l \in Logs |-> IF l \in touched THEN waitsFor(l) ELSE settleAfter[l]]
            IN /\ pageCache' = [l \in Logs |-> IF failure THEN pageCache[l]
                                               ELSE pageCache[l] \o [n \in DOMAIN inOrder(Of(l)) |-> At(inOrder(Of(l))[n]).id]]
               /\ settleAfter' = IF failure THEN settleAfter ELSE after
               /\ slot' = [n \in 0 .. Slots - 1 |->
                    IF \E s \in appended + 1 .. last : s % Slots = n
                      THEN [slot[n] EXCEPT !.outcome = IF failure THEN "failed" ELSE "appended",
                                           !.settleAfter = IF failure THEN settleAfter[slot[n].log] ELSE after[slot[n].log]]
                      ELSE slot[n]]
               /\ group' = IF dirty = {} THEN NoGroup
                           ELSE [through |-> last, ends |-> [l \in Logs |-> Len(pageCache'[l])], logs |-> dirty]
         /\ appended' = last
    /\ UNCHANGED <<cursor, claim, sync, settle, mustSync, left>>

\* SyncHandover.takeBack and put: the group that waits grows.
HandOver ==
    /\ group # NoGroup
    /\ waiting' = [group EXCEPT !.logs = @ \cup waiting.logs]
    /\ group' = NoGroup
    /\ UNCHANGED <<cursor, claim, slot, appended, settleAfter, pageCache, synced, syncing, failure, onDisk, settle, mustSync,
                   left>>

\* A topic's durability is changed to page-cache while its entries wait for the disk (PartitionLog.reconfigure).
Reconfigure(l) ==
    /\ mustSync[l] /\ Spend("reconfigured")
    /\ mustSync' = [mustSync EXCEPT ![l] = FALSE]
    /\ UNCHANGED <<cursor, claim, slot, append, sync, settle>>

(* -------------------------------------------------------------------------------------------------------------- sync thread *)

\* SyncHandover.take.
TakeGroup ==
    /\ syncing = NoGroup /\ waiting # NoGroup
    /\ syncing' = waiting /\ waiting' = NoGroup
    /\ UNCHANGED <<cursor, claim, slot, append, synced, failure, onDisk, settle, mustSync, left>>

\* Syncer.sync: the group's files are on disk, and the sequence moves; or nothing ever will be (local/GroupSync).
SyncGroup ==
    /\ syncing # NoGroup
    /\ \/ /\ ~failure
          /\ onDisk' = [l \in Logs |-> IF l \in syncing.logs THEN Larger(onDisk[l], syncing.ends[l]) ELSE onDisk[l]]
          /\ synced' = syncing.through
          /\ UNCHANGED <<failure, left>>
       \/ /\ failure /\ UNCHANGED <<failure, onDisk, synced, left>>
       \/ /\ ~failure /\ Spend("syncFails") /\ failure' = TRUE /\ UNCHANGED <<onDisk, synced>>
    /\ syncing' = NoGroup
    /\ UNCHANGED <<cursor, claim, slot, append, waiting, settle, mustSync>>

(* ------------------------------------------------------------------------------------------------------------ settle thread *)

\* Settler.settle: looks at new entries, and after a sync at all that wait; tells what is ready, and gives free slots back.
Settle ==
    /\ appended > examined \/ synced # lastSynced \/ failure # lastFailed
    /\ LET syncMoved == synced # lastSynced \/ failure # lastFailed
           from == (IF syncMoved /\ ~Bug("NothingIsLookedAtAgain") THEN released ELSE examined) + 1
           isReady(s) == ~At(s).settled /\ (At(s).settleAfter <= synced \/ failure \/ Bug("SettledWhenAppended"))
           ready == {s \in from .. appended : isReady(s)}
           outcome(s) == IF At(s).settleAfter > synced /\ failure THEN "failed" ELSE At(s).outcome
           inOrder(S) == [n \in 1 .. Cardinality(S) |-> CHOOSE s \in S : Cardinality({t \in S : t < s}) = n - 1]
           Of(l) == inOrder({s \in ready : At(s).log = l})
           after == [n \in 0 .. Slots - 1 |-> [slot[n] EXCEPT !.settled = @ \/ \E s \in ready : s % Slots = n]]
           isThrough(s) == after[s % Slots].settled \/ Bug("ReleasedWhenExamined")
       IN /\ told' = [l \in Logs |-> told[l] \o [n \in DOMAIN Of(l) |-> [id |-> At(Of(l)[n]).id, outcome |-> outcome(Of(l)[n]),
                                                                          durably |-> At(Of(l)[n]).settleAfter >= Of(l)[n]]]]
          /\ slot' = after
          /\ released' = CHOOSE r \in released .. appended :
                            /\ \A s \in released + 1 .. r : isThrough(s)
                            /\ r = appended \/ ~isThrough(r + 1)
    /\ examined' = appended /\ lastSynced' = synced /\ lastFailed' = failure
    /\ UNCHANGED <<cursor, claim, append, sync, mustSync, left>>

Next ==
    \/ \E p \in Producers : Publish(p) \/ \E l \in Logs : Claim(p, l)
    \/ AppendGroup \/ HandOver \/ (\E l \in Logs : Reconfigure(l))
    \/ TakeGroup \/ SyncGroup
    \/ Settle
Spec == Init /\ [][Next]_vars
LiveSpec ==
    /\ Spec /\ WF_vars(AppendGroup) /\ WF_vars(HandOver) /\ WF_vars(TakeGroup) /\ WF_vars(SyncGroup) /\ WF_vars(Settle)
    /\ \A p \in Producers : WF_vars(Publish(p)) /\ WF_vars(\E l \in Logs : Claim(p, l))

(* ----------------------------------------------------------------------------------------------------------------- properties *)

Ids(l) == {pageCache[l][n] : n \in 1 .. Len(pageCache[l])}
TypeOK ==
    /\ cursor \in Never .. MaxEntries - 1 /\ released \in Never .. appended
    /\ appended \in Never .. cursor /\ synced \in Never .. appended
    /\ \A l \in Logs : Ids(l) \subseteq 0 .. MaxEntries - 1 /\ onDisk[l] <= Len(pageCache[l])
\* No slot is written again before its entry was answered: what every stage finds there is what was published.
NoSlotIsReused == \A p \in Producers : claim[p] # NoClaim =>
    LET old == claim[p].sequence - Slots
    IN old < 0 \/ \E l \in Logs : \E n \in 1 .. Len(told[l]) : told[l][n].id = old
\* An entry is in one log once.
OnlyOnce == \A l \in Logs : Cardinality(Ids(l)) = Len(pageCache[l])
\* Who was told "appended" by a topic that syncs has it on disk.
AckedIsDurable == \A l \in Logs : \A n \in 1 .. Len(told[l]) :
    (told[l][n].outcome = "appended" /\ told[l][n].durably) => \E m \in 1 .. onDisk[l] : pageCache[l][m] = told[l][n].id
\* What waits for the disk at the same time as later entries of its log is answered first, and nothing twice.
AckOrder == \A l \in Logs : \A m, n \in 1 .. Len(told[l]) : m < n => told[l][m].id < told[l][n].id
\* Every write is answered, and room comes back: nobody waits at a full ring for ever.
EveryWriteIsAnswered == <>[](\A s \in 0 .. MaxEntries - 1 : \E l \in Logs : \E n \in 1 .. Len(told[l]) : told[l][n].id = s)

\* States that the models must reach.
CacheOvertakesSync == \E l \in CacheLogs : told[l] # <<>> /\ \E k \in SyncLogs : \E n \in 1 .. Len(pageCache[k]) :
    pageCache[k][n] < told[l][Len(told[l])].id /\ told[k] = <<>> /\ ~failure
RingIsFull == cursor - released = Slots
PublishedOutOfOrder ==
  \E s \in appended + 1 .. cursor : At(s).sequence = s /\ \E p \in Producers : claim[p] # NoClaim /\ claim[p].sequence < s
GroupsPile == waiting # NoGroup /\ syncing # NoGroup

\* What the sync stage claims; that answers come later, and say no more, is AckedIsDurable.
Disk(l) == INSTANCE DurableLog WITH
    Entry <- 0 .. MaxEntries - 1, NotCutting <- -1,
    log <- pageCache[l], durable <- onDisk[l], cutting <- -1, ended <- failure
LogsAreDurableLogs == [][\A l \in SyncLogs : Disk(l)!Step]_vars
===============================================================================
