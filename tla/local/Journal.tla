------------------------------- MODULE Journal -------------------------------
(* A physical redo journal behind the group sync (package engine.journal). Instead of one fdatasync per file, the sync thread
   writes the dirty ranges of a group as one record into one of two preallocated halves: those that the append thread kept as it
   wrote them, and those that it has to read back. One fdatasync of that half acknowledges them all. The files are synced later (the backlog), and only that moves recovery points and lets a half be
   used again. A start writes back what it finds in the halves, syncs, retires the halves, and only then recovers the logs
   (local/Recovery).

   Claim: with the journal each log is still a DurableLog, for a crash at any point, a truncation, a compaction swap, a topic that
   is deleted and created again under its name, a torn last record, either half, and a start that is itself interrupted.

   Abstracted: an entry is one page, which is on disk or not (Recovery has torn ones), and an offset is a position; a cut or swap
   is durable in the step in which it changes bytes (Recovery has its steps); the lock that a retirement holds is `retiring`. *)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
    Logs,       \* partitions of one log directory
    HalfSlots,  \* records that fit into one half
    MaxEntries, \* model: entries sent, to all logs together
    Faults,     \* model: how often each of cut, swap, delete, crash, diskFails may happen
    Bugs

Bug(b) == b \in Bugs

VARIABLES
    \* on the machine
    up,         \* "up"; "down", then how far a start has come: "replayed", "synced", "retired"
    file,       \* per log, where a cell is [sent, cache, disk, dirty] of one entry; `sent` is the model's memory:
                \* topicId (partition.metadata), layout (a swap changes it), cells, and whether a write-back failed unnoticed
                \* (error)
    half,       \* per half: its round on disk, in the page cache, and what is on disk in each slot
    recoveryPoint, \* per log, as checkpointed: below it bytes are trusted
    \* in the process
    generation, \* per log: DurableProgress.generation
    claimed,    \* per log: up to where producers were told that entries are on disk
    taken,      \* per log: up to where entries were handed over
    group,      \* ranges that were handed over, with the bytes that were kept of them
    reading,    \* parts: ranges with all their bytes
    inFlight,   \* the record that is written and not yet synced, with its half and slot
    position,   \* half and slot where the next record goes
    retiring,   \* the retirement that holds the lock: which halves, which step, for which log's change
    change,     \* per log: what is about to change bytes: kind, end, and whether the journal was retired for it
    offline,    \* a sync has failed: nothing is claimed until the next start
    \* of the model
    nextValue, left
vars == <<up, file, half, recoveryPoint, generation, claimed, taken, group, reading, inFlight, position, retiring, change,
          offline,
          nextValue, left>>

Nothing == [kind |-> "nothing"]
Halves == {1, 2}
Other(h) == 3 - h
Zeros == 0     \* a page that never got its bytes
Garbage == -1  \* bytes that are right for another layout of the file
Smaller(a, b) == IF a < b THEN a ELSE b
Larger(a, b) == IF a > b THEN a ELSE b
Cached(cells) == [n \in 1 .. Len(cells) |-> cells[n].cache]
Sent(cells) == [n \in 1 .. Len(cells) |-> cells[n].sent]
OnDisk(value) == [sent |-> value, cache |-> value, disk |-> value, dirty |-> FALSE]
Spend(fault) == left[fault] > 0 /\ left' = [left EXCEPT ![fault] = @ - 1]
Works == up = "up" /\ ~offline
NeverWritten == [round |-> 0, whole |-> TRUE, parts |-> {}]

Init ==
    /\ up = "up" /\ offline = FALSE
    /\ file = [l \in Logs |-> [topicId |-> 1, layout |-> 1, cells |-> <<>>, error |-> FALSE]]
    /\ half = [h \in Halves |-> [disk |-> 1, cache |-> 1, slots |-> [s \in 1 .. HalfSlots |-> NeverWritten]]]
    /\ recoveryPoint = [l \in Logs |-> 0] /\ generation = [l \in Logs |-> 0]
    /\ claimed = [l \in Logs |-> 0] /\ taken = [l \in Logs |-> 0]
    /\ group = {} /\ reading = {} /\ inFlight = Nothing /\ position = [half |-> 1, slot |-> 1]
    /\ retiring = Nothing /\ change = [l \in Logs |-> Nothing]
    /\ nextValue = 1 /\ left = Faults

(* ------------------------------------------------------------------------------------------------------------ append thread *)

\* PartitionLog.writeStaged: an entry lies in the page cache.
AppendEntry(l) ==
    /\ Works /\ change[l] = Nothing /\ nextValue <= MaxEntries
    /\ file' = [file EXCEPT ![l].cells = Append(@, [sent |-> nextValue, cache |-> nextValue, disk |-> Zeros, dirty |-> TRUE])]
    /\ nextValue' = nextValue + 1
    /\ UNCHANGED <<up, half, recoveryPoint, generation, claimed, taken, group, reading, inFlight, position, retiring, change,
                   offline, left>>

\* LogCheckpointer.truncated and DirectoryCheckpoints.lower: a new generation before anything else, then the offsets on disk.
BeginChange(l, kind, end) ==
    /\ Works /\ change[l] = Nothing
    /\ Spend(kind)
    /\ change' = [change EXCEPT ![l] = [kind |-> kind, end |-> end, retired |-> FALSE]]
    /\ generation' = [generation EXCEPT ![l] = @ + (IF Bug("GenerationMovesLate") THEN 0 ELSE 1)]
    /\ claimed' = [claimed EXCEPT ![l] = Smaller(@, end)]
    /\ recoveryPoint' = [recoveryPoint EXCEPT ![l] = Smaller(@, end)]
    /\ UNCHANGED <<up, file, half, taken, group, reading, inFlight, position, retiring, offline, nextValue>>

\* PartitionLog.truncateTo begins.
BeginCut(l) == file[l].cells # <<>> /\ \E end \in 0 .. Len(file[l].cells) - 1 : BeginChange(l, "cut", end)
\* PartitionLog.endSwap begins: compaction puts other bytes under a segment's name, and the log holds what it held.
BeginSwap(l) == file[l].cells # <<>> /\ BeginChange(l, "swap", Len(file[l].cells))
\* LogDirectory.delete begins; the topic is created again under its name.
BeginDelete(l) == file[l].cells # <<>> /\ BeginChange(l, "delete", 0)

\* Cut and swap retire the whole journal before they change bytes; a deletion leaves it, because the topic's id changes.
BeginRetirement(l) ==
    /\ Works /\ retiring = Nothing /\ change[l] # Nothing
    /\ change[l].kind \in {"cut", "swap"} /\ ~change[l].retired
    /\ retiring' = [kind |-> "retiring", halves |-> Halves, step |-> "sync", for |-> {l}]
    /\ UNCHANGED <<up, file, half, recoveryPoint, generation, claimed, taken, group, reading, inFlight, position, change, offline,
                   nextValue, left>>

\* PartitionLog.cut, SegmentSwap.commit, LogDirectory.delete: bytes change, durably when the step is done.
ChangeBytes(l) ==
    /\ Works /\ change[l] # Nothing
    /\ change[l].retired \/ change[l].kind = "delete" \/ Bug("BytesChangeBeforeRetirement")
    /\ ~file[l].error
    /\ LET kept == [n \in 1 .. change[l].end |-> OnDisk(file[l].cells[n].cache)]
       IN file' = [file EXCEPT ![l] =
                    CASE change[l].kind = "cut" -> [@ EXCEPT !.cells = kept]
                      [] change[l].kind = "swap" -> [@ EXCEPT !.cells = kept, !.layout = @ + 1]
                      [] change[l].kind = "delete" -> [topicId |-> @.topicId + 1, layout |-> 1, cells |-> <<>>, error |-> FALSE]]
    /\ taken' = [taken EXCEPT ![l] = Smaller(@, change[l].end)]
    /\ change' = [change EXCEPT ![l] = Nothing]
    /\ generation' = [generation EXCEPT ![l] = IF change[l].kind = "delete" THEN 0 ELSE @] \* another PartitionLog
    /\ UNCHANGED <<up, half, recoveryPoint, claimed, group, reading, inFlight, position, retiring, offline, nextValue, left>>

\* PartitionLog.takeDirtyFiles: what is dirty goes to sync, with the log's generation of this moment; of some logs with the
\* bytes themselves (WrittenBytes).
NotKept == <<>>
HandOver ==
    /\ Works /\ group = {}
    /\ \E l \in Logs : taken[l] < Len(file[l].cells) /\ change[l] = Nothing
    /\ LET dirty == {l \in Logs : taken[l] < Len(file[l].cells) /\ change[l] = Nothing}
       IN /\ \E kept \in SUBSET dirty :
               group' = {[log |-> l, topicId |-> file[l].topicId, layout |-> file[l].layout, generation |-> generation[l],
                          from |-> taken[l] + 1, to |-> Len(file[l].cells),
                          kept |-> IF l \in kept THEN SubSeq(Sent(file[l].cells), taken[l] + 1, Len(file[l].cells))
                                   ELSE NotKept] : l \in dirty}
          /\ taken' = [l \in Logs |-> IF l \in dirty THEN Len(file[l].cells) ELSE taken[l]]
    /\ UNCHANGED <<up, file, half, recoveryPoint, generation, claimed, reading, inFlight, position, retiring, change, offline,
                   nextValue, left>>

(* -------------------------------------------------------------------------------------------------------------- sync thread *)

\* Whether a part still speaks of the log's present bytes: topic id and generation, compared under the lock.
IsCurrent(p) == p.topicId = file[p.log].topicId /\ p.generation = generation[p.log]
LastOf(p) == p.from - 1 + Len(p.values)
Claims(parts) == [l \in Logs |-> LET ends == {LastOf(p) : p \in {q \in parts : q.log = l /\ IsCurrent(q)}}
                                 IN IF ends = {} THEN claimed[l]
                                    ELSE Larger(claimed[l], CHOOSE e \in ends : TRUE)] \* one part a log

\* Reads those ranges of a group back that were not kept. What a failed write-back has dropped reads as zeros, which no batch's checksum accepts.
ReadBack ==
    /\ Works /\ group # {} /\ reading = {} /\ inFlight = Nothing
    /\ LET Read(l, n) == IF n <= Len(file[l].cells) THEN file[l].cells[n].cache ELSE Zeros
           PartOf(r) == [log |-> r.log, topicId |-> r.topicId, layout |-> r.layout, from |-> r.from,
                         generation |-> IF Bug("GenerationOfReadBack") THEN generation[r.log] ELSE r.generation,
                         values |-> IF r.kept # NotKept THEN r.kept
                                    ELSE [n \in 1 .. r.to - r.from + 1 |-> Read(r.log, r.from + n - 1)]]
           parts == {PartOf(r) : r \in group}
           isSound == \A p \in parts : IsCurrent(p) => \A n \in 1 .. Len(p.values) : p.values[n] # Zeros
       IN IF isSound \/ Bug("ReadBackUnchecked")
            THEN reading' = parts /\ UNCHANGED offline
            ELSE offline' = TRUE /\ UNCHANGED reading
    /\ group' = {}
    /\ UNCHANGED <<up, file, half, recoveryPoint, generation, claimed, taken, inFlight, position, retiring, change, nextValue,
                   left>>

\* Writes the record, under the lock that a retirement holds from beginning to end.
WriteRecord ==
    /\ Works /\ reading # {} /\ inFlight = Nothing
    /\ retiring = Nothing \/ Bug("RecordDuringRetirement")
    /\ position.slot <= HalfSlots
    /\ LET parts == {p \in reading : IsCurrent(p) \/ Bug("NoGenerationCompare")}
       IN /\ inFlight' = IF parts = {} THEN Nothing
                         ELSE [kind |-> "record", half |-> position.half, slot |-> position.slot,
                               record |-> [round |-> half[position.half].cache, whole |-> TRUE, parts |-> parts]]
          /\ claimed' = IF Bug("ClaimBeforeSync") THEN Claims(parts) ELSE claimed
    /\ reading' = {}
    /\ UNCHANGED <<up, file, half, recoveryPoint, generation, taken, group, position, retiring, change, offline, nextValue, left>>

\* One fdatasync of the half, and what the record holds is claimed; not what was cut meanwhile.
SyncRecord ==
    /\ Works /\ inFlight # Nothing
    /\ LET h == inFlight.half
           slotEnds == inFlight.record.round = half[h].cache
       IN /\ half' = [half EXCEPT ![h].slots[inFlight.slot] = inFlight.record]
          /\ position' = IF slotEnds THEN [half |-> h, slot |-> inFlight.slot + 1] ELSE position
    /\ claimed' = Claims(inFlight.record.parts)
    /\ recoveryPoint' = IF Bug("RecoveryPointMovesWithJournal") THEN Claims(inFlight.record.parts) ELSE recoveryPoint
    /\ inFlight' = Nothing
    /\ UNCHANGED <<up, file, generation, taken, group, reading, retiring, change, offline, nextValue, left>>

IsFree(h) == \A s \in 1 .. HalfSlots : half[h].slots[s].round # half[h].cache
\* The active half is full; the other one has been retired.
SwitchHalves ==
    /\ Works /\ inFlight = Nothing /\ position.slot > HalfSlots /\ IsFree(Other(position.half)) /\ retiring = Nothing
    /\ position' = [half |-> Other(position.half), slot |-> 1]
    /\ UNCHANGED <<up, file, half, recoveryPoint, generation, claimed, taken, group, reading, inFlight, retiring, change, offline,
                   nextValue, left>>

(* ------------------------------------------------------------------------------------------------- whoever syncs the backlog *)

\* The half that is not written to is to be used again.
BeginReuse ==
    /\ Works /\ retiring = Nothing /\ ~IsFree(Other(position.half))
    /\ retiring' = [kind |-> "retiring", halves |-> {Other(position.half)}, step |-> "sync", for |-> {}]
    /\ UNCHANGED <<up, file, half, recoveryPoint, generation, claimed, taken, group, reading, inFlight, position, change, offline,
                   nextValue, left>>

Synced(cell) == IF cell.dirty THEN [cell EXCEPT !.disk = cell.cache, !.dirty = FALSE] ELSE cell
\* Every file with dirty pages is synced, not only what the retired records hold; then recovery points move.
SyncBacklog ==
    /\ Works /\ retiring # Nothing /\ retiring.step = "sync"
    /\ LET cells(l) == file[l].cells
           fails == \E l \in Logs : file[l].error
           covered(l, n) == Bug("BacklogIsWhatWasClaimed") => n <= claimed[l]
           end(l) == IF change[l] = Nothing THEN Len(cells(l)) ELSE change[l].end
       IN IF fails /\ ~Bug("RetiresAfterFailedSync")
            THEN offline' = TRUE /\ UNCHANGED <<file, recoveryPoint, claimed, retiring>>
            ELSE /\ file' = IF Bug("HalfReusedBeforeSync") THEN file
                            ELSE [l \in Logs |-> [file[l] EXCEPT !.cells =
                                    [n \in 1 .. Len(@) |-> IF covered(l, n) THEN Synced(@[n]) ELSE @[n]]]]
                 /\ recoveryPoint' = [l \in Logs |-> end(l)]
                 /\ claimed' = [l \in Logs |-> end(l)]
                 /\ retiring' = [retiring EXCEPT !.step = "write"]
                 /\ UNCHANGED offline
    /\ UNCHANGED <<up, half, generation, taken, group, reading, inFlight, position, change, nextValue, left>>

\* A new round in the half's header: older records in it are no records any more.
WriteRound ==
    /\ Works /\ retiring # Nothing /\ retiring.step = "write"
    /\ half' = [h \in Halves |-> IF h \in retiring.halves THEN [half[h] EXCEPT !.cache = @ + 1] ELSE half[h]]
    /\ retiring' = [retiring EXCEPT !.step = "flush"]
    /\ UNCHANGED <<up, file, recoveryPoint, generation, claimed, taken, group, reading, inFlight, position, change, offline,
                   nextValue, left>>

\* The header is on disk: the half may be written again, bytes may change.
SyncRound ==
    /\ Works /\ retiring # Nothing /\ retiring.step = "flush"
    /\ half' = [h \in Halves |-> IF h \in retiring.halves /\ ~Bug("RoundNotSynced") THEN [half[h] EXCEPT !.disk = half[h].cache]
                                 ELSE half[h]]
    /\ change' = [l \in Logs |->
         IF l \in retiring.for /\ change[l] # Nothing THEN [change[l] EXCEPT !.retired = TRUE] ELSE change[l]]
    /\ generation' = [l \in Logs |->
         IF l \in retiring.for /\ Bug("GenerationMovesLate") THEN generation[l] + 1 ELSE generation[l]]
    /\ position' = IF position.half \in retiring.halves THEN [position EXCEPT !.slot = 1] ELSE position
    /\ retiring' = Nothing
    /\ UNCHANGED <<up, file, recoveryPoint, claimed, taken, group, reading, inFlight, offline, nextValue, left>>

(* -------------------------------------------------------------------------------------------------------------- the machine *)

\* The kernel fails to write dirty pages of a file, calls them clean, and may have forgotten their bytes when they are read next.
WriteBackFails(l) ==
    /\ up = "up" /\ \E n \in 1 .. Len(file[l].cells) : file[l].cells[n].dirty
    /\ Spend("diskFails")
    /\ \E forgotten \in BOOLEAN :
         file' = [file EXCEPT ![l].error = TRUE, ![l].cells = [n \in 1 .. Len(@) |->
            IF ~@[n].dirty THEN @[n]
            ELSE [@[n] EXCEPT !.dirty = FALSE, !.cache = IF forgotten THEN file[l].cells[n].disk ELSE @]]]
    /\ UNCHANGED <<up, half, recoveryPoint, generation, claimed, taken, group, reading, inFlight, position, retiring, change,
                   offline, nextValue>>

\* Power goes, or the process: of each dirty page, of an unsynced record and of an unsynced header anything may be left.
StripZeros(cells) ==
    LET used == {n \in 1 .. Len(cells) : cells[n].cache # Zeros}
    IN SubSeq(cells, 1, IF used = {} THEN 0 ELSE CHOOSE n \in used : \A m \in used : m <= n)
Left(cells, survivors) == StripZeros([n \in 1 .. Len(cells) |->
    OnDisk(IF cells[n].dirty /\ n \in survivors THEN cells[n].cache ELSE cells[n].disk)])
DirtyIn(l) == {n \in 1 .. Len(file[l].cells) : file[l].cells[n].dirty}
Crash ==
    /\ Spend("crash")
    /\ \E survivors \in [Logs -> SUBSET (1 .. MaxEntries)], rounds \in [Halves -> {"disk", "cache"}],
          record \in {"absent", "torn", "whole"} :
         /\ \A l \in Logs : survivors[l] \subseteq DirtyIn(l)
         /\ \A h \in Halves : half[h].disk = half[h].cache => rounds[h] = "disk"
         /\ inFlight = Nothing => record = "absent"
         /\ file' = [l \in Logs |-> [file[l] EXCEPT !.cells = Left(@, survivors[l]), !.error = FALSE]]
         /\ half' = [h \in Halves |->
              LET round == IF rounds[h] = "disk" THEN half[h].disk ELSE half[h].cache
              IN [disk |-> round, cache |-> round,
                  slots |-> [s \in 1 .. HalfSlots |->
                     IF record = "absent" \/ inFlight.half # h \/ inFlight.slot # s THEN half[h].slots[s]
                     ELSE [inFlight.record EXCEPT !.whole = record = "whole"]]]]
    /\ up' = "down" /\ offline' = FALSE
    /\ generation' = [l \in Logs |-> 0] /\ taken' = [l \in Logs |-> 0]
    /\ group' = {} /\ reading' = {} /\ inFlight' = Nothing /\ position' = [half |-> 1, slot |-> 1] /\ retiring' = Nothing
    /\ change' = [l \in Logs |-> Nothing]
    /\ UNCHANGED <<recoveryPoint, claimed, nextValue>>

(* ------------------------------------------------------------------------------------------------------------- the next start *)

\* What a half still says: the records of its round, up to the first that is not whole.
IsRecord(h, s) ==
    /\ half[h].slots[s].parts # {}
    /\ half[h].slots[s].round = half[h].disk \/ Bug("OldRoundsReplayed")
    /\ half[h].slots[s].whole \/ Bug("TornRecordReplayed")
Replayable(h) == {half[h].slots[s] : s \in {t \in 1 .. HalfSlots : \A u \in 1 .. t : IsRecord(h, u)}}
PartsFor(l) ==
    {p \in UNION {IF r.whole THEN r.parts ELSE {[p EXCEPT !.values = [n \in DOMAIN @ |-> Garbage]] : p \in r.parts} :
                  r \in Replayable(1) \cup Replayable(2)} :
        p.log = l /\ (p.topicId = file[l].topicId \/ Bug("TopicIdIgnored"))}
\* Two records never disagree about a page (RecordsAgree), so that their order does not matter.
ReplayedCells(l) ==
    LET parts == PartsFor(l)
        end == CHOOSE e \in 0 .. MaxEntries + 1 :
                 /\ \A p \in parts : LastOf(p) <= e /\ Len(file[l].cells) <= e
                 /\ e = Len(file[l].cells) \/ \E p \in parts : LastOf(p) = e
        over(n) == {p \in parts : p.from <= n /\ n <= LastOf(p)}
        old(n) == IF n <= Len(file[l].cells) THEN file[l].cells[n] ELSE OnDisk(Zeros)
        Written(n) == LET p == CHOOSE p \in over(n) : TRUE
                      IN IF p.layout = file[l].layout THEN p.values[n - p.from + 1] ELSE Garbage
    IN IF parts = {} THEN file[l].cells
       ELSE [n \in 1 .. end |-> IF over(n) = {} THEN old(n) ELSE [old(n) EXCEPT !.cache = Written(n), !.dirty = TRUE]]
\* local/Recovery: the log ends before the first page that is no batch.
WholePrefix(values) ==
    LET broken == {n \in 1 .. Len(values) : values[n] = Zeros}
    IN SubSeq(values, 1, IF broken = {} THEN Len(values) ELSE (CHOOSE n \in broken : \A m \in broken : n <= m) - 1)
Recovered(l) == WholePrefix(Cached(IF up \in {"down", "replayed"} THEN ReplayedCells(l) ELSE file[l].cells))

\* Writes the bytes back.
Replay ==
    /\ up = "down"
    /\ file' = [l \in Logs |-> [file[l] EXCEPT !.cells = ReplayedCells(l)]]
    /\ up' = "replayed"
    /\ UNCHANGED <<half, recoveryPoint, generation, claimed, taken, group, reading, inFlight, position, retiring, change, offline,
                   nextValue, left>>

\* Makes them durable where they belong.
SyncReplayed ==
    /\ up = "replayed"
    /\ file' = [l \in Logs |-> [file[l] EXCEPT !.cells = [n \in 1 .. Len(@) |-> Synced(@[n])]]]
    /\ up' = "synced"
    /\ UNCHANGED <<half, recoveryPoint, generation, claimed, taken, group, reading, inFlight, position, retiring, change, offline,
                   nextValue, left>>

\* Retires both halves, durably.
RetireReplayed ==
    /\ up = "synced" \/ (up = "replayed" /\ Bug("RetiredBeforeReplayIsSynced"))
    /\ half' = [h \in Halves |-> [half[h] EXCEPT !.disk = @ + 1, !.cache = half[h].disk + 1]]
    /\ up' = "retired"
    /\ UNCHANGED <<file, recoveryPoint, generation, claimed, taken, group, reading, inFlight, position, retiring, change, offline,
                   nextValue, left>>

\* LogRecovery.open: the logs are recovered and synced.
Open ==
    /\ up = "retired"
    /\ file' = [l \in Logs |-> [file[l] EXCEPT !.cells = [n \in 1 .. Len(Recovered(l)) |-> OnDisk(@[n].cache)]]]
    /\ recoveryPoint' = [l \in Logs |-> Len(Recovered(l))]
    /\ claimed' = [l \in Logs |-> Len(Recovered(l))]
    /\ taken' = [l \in Logs |-> Len(Recovered(l))]
    /\ up' = "up"
    /\ UNCHANGED <<half, generation, group, reading, inFlight, position, retiring, change, offline, nextValue, left>>

Next ==
    \/ \E l \in Logs : AppendEntry(l) \/ BeginCut(l) \/ BeginSwap(l) \/ BeginDelete(l) \/ BeginRetirement(l) \/ ChangeBytes(l)
    \/ HandOver \/ ReadBack \/ WriteRecord \/ SyncRecord \/ SwitchHalves
    \/ BeginReuse \/ SyncBacklog \/ WriteRound \/ SyncRound
    \/ \E l \in Logs : WriteBackFails(l)
    \/ Crash \/ Replay \/ SyncReplayed \/ RetireReplayed \/ Open
Spec == Init /\ [][Next]_vars

(* ----------------------------------------------------------------------------------------------------------------- properties *)

\* What was claimed is there after any crash that could happen now, and nothing that was never sent.
ClaimedSurvives == \A l \in Logs : up # "up" => Len(Recovered(l)) >= claimed[l]
\* No crash makes a log so short that RecoveryTable row K keeps it out of service.
NeverRefused == \A l \in Logs : up # "up" => Len(Recovered(l)) >= recoveryPoint[l]
\* Below the recovery point bytes are on disk themselves: who retires the journal loses nothing there.
RecoveryPointIsOnDisk ==
  up = "up" => \A l \in Logs : \A n \in 1 .. recoveryPoint[l] : file[l].cells[n].disk = file[l].cells[n].sent
\* Two records that a start would find never say different things about a page, so that it may replay them in any order.
RecordsAgree ==
    \A l \in Logs : \A p, q \in PartsFor(l) : \A n \in 1 .. MaxEntries :
        (p.from <= n /\ n <= LastOf(p) /\ q.from <= n /\ n <= LastOf(q)) => p.values[n - p.from + 1] = q.values[n - q.from + 1]

\* States that the models must reach, so that nothing holds because nothing happens.
ReplayRepairs == up = "down" /\ \E l \in Logs : Len(WholePrefix(Cached(file[l].cells))) < claimed[l]
BothHalvesReplayed == up = "down" /\ Replayable(1) # {} /\ Replayable(2) # {}
TornRecordFound ==
  up = "down" /\ \E h \in Halves, n \in 1 .. HalfSlots : half[h].slots[n].round = half[h].disk /\ ~half[h].slots[n].whole
OldRecordPassedOver ==
  up = "down" /\ \E h \in Halves, n \in 1 .. HalfSlots : half[h].slots[n].round < half[h].disk /\ half[h].slots[n].round > 0
StalePartDropped == Works /\ reading # {} /\ \E p \in reading : ~IsCurrent(p)
KeptThoughForgotten == \* the page cache has forgotten what the journal is about to hold
  Works /\ \E p \in reading : IsCurrent(p) /\ \E n \in 1 .. Len(p.values) : file[p.log].cells[p.from + n - 1].cache # p.values[n]
ReplayInterrupted == up = "replayed" /\ left.crash > 0
OldTopicInJournal == up = "down" /\ \E h \in Halves : \E r \in Replayable(h) : \E p \in r.parts : p.topicId # file[p.log].topicId

\* Each log is the durable log that Isr and Quorum assume.
Disk(l) == INSTANCE DurableLog WITH
    Entry <- 1 .. MaxEntries,
    NotCutting <- -1,
    log <- IF up = "up" THEN Sent(file[l].cells) ELSE Recovered(l),
    durable <- claimed[l],
    cutting <- IF change[l] = Nothing \/ change[l].kind = "swap" THEN -1 ELSE change[l].end,
    ended <- offline
LogsAreDurableLogs == [][\A l \in Logs : Disk(l)!Step]_vars
TypeOK == \A l \in Logs : Disk(l)!TypeOK
=============================================================================
