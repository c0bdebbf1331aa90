------------------------------- MODULE Recovery -------------------------------
(* One log's files, a crash at any point of what is done to them, and the start that follows (LogRecovery, RecoveryTable).

   Claim: a start finds everything that was claimed to be on disk, invents nothing, brings nothing back that a truncation had
   removed, and is allowed to be interrupted: doing it again gives the same log. No crash makes a log that stays out of service.
   With page-cache durability records that readers were shown may be lost with the machine, and then it is said (row J); nothing
   else is.

   Abstracted: a batch is one entry; a file's bytes are its batches, each of which a crash leaves whole, torn (its header and
   length, not all its bytes), as zeros (the file's length, and no bytes), or not at all. Index files are hints that recovery
   confirms against the batches (LogRecovery.resumed) and are left out. Retention and compaction are left out: the log begins at
   0. Each of the three checkpoint files is replaced at once (CheckpointText.replace). *)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
    Durability,    \* "sync" or "page-cache": what an acknowledgement means for this topic
    CachesDropped, \* after a failed write-back the machine is restarted or its caches dropped (disk-format.md, rule 10)
    MaxEntries,    \* model: batches sent
    Faults,        \* model: how often each of roll, cut, power, kill, stop, writeBack may happen
    Bugs

Bug(b) == b \in Bugs

VARIABLES
    \* files
    segment,    \* per base offset: cells [id, state, synced, lost], what a cut has not yet removed on disk, its directory entry
    recoveryPointFile, highWatermarkFile, \* recovery-point-offset-checkpoint, replication-offset-checkpoint
    marker,     \* of a clean stop
    \* the process
    up,         \* "up"; "down"; "cutting", "syncing": how far a start has come; "refused"
    log,        \* ids, as readers see them
    recoveryPoint, \* DurableProgress: below it all is claimed to be on disk; kept over a crash by the model
    highWatermark, \* what readers were shown
    cut,        \* the truncation under way: its end and step
    offline,    \* a sync has failed
    found,      \* what the start at work has found: ids, last (its segment), tail, row of the table
    nextId, left \* of the model
files == <<segment, recoveryPointFile, highWatermarkFile, marker>>
vars == <<files, up, log, recoveryPoint, highWatermark, cut, offline, found, nextId, left>>

Torn == -1
Zeros == -2
NotCutting == [end |-> -1, step |-> "none"]
Bases == 0 .. MaxEntries - 1
NothingFound == [ids |-> <<>>, last |-> 0, tail |-> "none", row |-> "none"]
NoFile == [cells |-> <<>>, was |-> <<>>, entry |-> "none"]
Smaller(a, b) == IF a < b THEN a ELSE b
Min(S) == CHOOSE x \in S : \A y \in S : x <= y
Max(S) == CHOOSE x \in S : \A y \in S : x >= y
Spend(fault) == left[fault] > 0 /\ left' = [left EXCEPT ![fault] = @ - 1]
Exists(b) == segment[b].entry \in {"new", "durable"}
Existing == {b \in Bases : Exists(b)}
Active == Max(Existing)
Works == up = "up" /\ ~offline
IsDirty(cell) == ~cell.synced /\ ~cell.lost

Init ==
    /\ segment = [b \in Bases |-> IF b = 0 THEN [NoFile EXCEPT !.entry = "durable"] ELSE NoFile]
    /\ recoveryPointFile = 0 /\ highWatermarkFile = 0 /\ marker = FALSE
    /\ up = "up" /\ log = <<>> /\ recoveryPoint = 0 /\ highWatermark = 0 /\ cut = NotCutting /\ offline = FALSE
    /\ found = NothingFound
    /\ nextId = 1 /\ left = Faults

(* ------------------------------------------------------------------------------------------- append, sync, and housekeeping *)

\* PartitionLog.writeStaged: the next batch that is sent lies in the page cache.
Write ==
    /\ Works /\ cut = NotCutting /\ nextId <= MaxEntries
    /\ segment' = [segment EXCEPT ![Active].cells =
         Append(@, [id |-> nextId, state |-> "whole", synced |-> FALSE, lost |-> FALSE])]
    /\ log' = Append(log, nextId) /\ nextId' = nextId + 1
    /\ UNCHANGED <<recoveryPointFile, highWatermarkFile, marker, up, recoveryPoint, highWatermark, cut, offline, found, left>>

\* PartitionLog.roll: a new file, whose directory entry is not durable yet.
Roll ==
    /\ Works /\ cut = NotCutting /\ segment[Active].cells # <<>> /\ Len(log) < MaxEntries
    /\ Spend("roll")
    /\ segment' = [segment EXCEPT ![Len(log)] = [NoFile EXCEPT !.entry = "new"]]
    /\ UNCHANGED <<recoveryPointFile, highWatermarkFile, marker, up, log, recoveryPoint, highWatermark, cut, offline, found,
                   nextId>>

Synced(file) == [cells |-> [n \in 1 .. Len(file.cells) |-> [file.cells[n] EXCEPT !.synced = ~file.cells[n].lost]], was |-> <<>>,
                 entry |-> IF file.entry = "new" /\ ~Bug("RollIsNotSynced") THEN "durable" ELSE file.entry]
\* GroupSync.sync of the log's dirty files and of its directory: all is on disk, or the directory goes offline (local/GroupSync).
Sync ==
    /\ Works /\ cut = NotCutting /\ recoveryPoint < Len(log)
    /\ IF \E b \in Existing : \E n \in 1 .. Len(segment[b].cells) : segment[b].cells[n].lost
         THEN offline' = TRUE /\ UNCHANGED <<segment, recoveryPoint>>
         ELSE /\ segment' = [b \in Bases |-> IF Exists(b) THEN Synced(segment[b]) ELSE segment[b]]
              /\ recoveryPoint' = Len(log)
              /\ UNCHANGED offline
    /\ UNCHANGED <<recoveryPointFile, highWatermarkFile, marker, up, log, highWatermark, cut, found, nextId, left>>

\* DirectoryCheckpoints.writeOffsets.
CheckpointRecoveryPoint ==
    /\ Works /\ cut = NotCutting
    /\ recoveryPointFile' = IF Bug("RecoveryPointAheadOfSync") THEN Len(log) ELSE recoveryPoint
    /\ recoveryPointFile' # recoveryPointFile
    /\ UNCHANGED <<segment, highWatermarkFile, marker, up, log, recoveryPoint, highWatermark, cut, offline, found, nextId, left>>

\* Replication moves the high watermark; under durability sync it counts only what is on disk here.
ShowRecords ==
    /\ Works /\ cut = NotCutting
    /\ highWatermark' \in
         highWatermark + 1 .. (IF Durability = "sync" /\ ~Bug("ShownBeforeSync") THEN recoveryPoint ELSE Len(log))
    /\ UNCHANGED <<files, up, log, recoveryPoint, cut, offline, found, nextId, left>>

\* DirectoryCheckpoints.writeHighWatermarks.
CheckpointHighWatermark ==
    /\ Works /\ highWatermarkFile < highWatermark
    /\ highWatermarkFile' = highWatermark
    /\ UNCHANGED <<segment, recoveryPointFile, marker, up, log, recoveryPoint, highWatermark, cut, offline, found, nextId, left>>

\* LogDirectory.close: everything is synced and written down, then the marker.
CleanStop ==
    /\ Works /\ cut = NotCutting /\ recoveryPoint = Len(log) /\ Spend("stop")
    /\ recoveryPointFile' = Len(log) /\ highWatermarkFile' = highWatermark
    /\ marker' = TRUE /\ up' = "down"
    /\ segment' = [b \in Bases |-> IF Exists(b) THEN [Synced(segment[b]) EXCEPT !.entry = "durable"] ELSE segment[b]]
    /\ UNCHANGED <<log, recoveryPoint, highWatermark, cut, offline, found, nextId>>

(* --------------------------------------------------------------------------------------------------------------- truncation *)

\* PartitionLog.cut: first nothing that was written down may lie above the cut (LogCheckpointer.truncated, LogHome.lowerOffsets).
BeginCut(end) ==
    /\ Works /\ cut = NotCutting /\ end < Len(log) /\ Spend("cut")
    /\ cut' = [end |-> end, step |-> "lowered"]
    /\ recoveryPoint' = Smaller(recoveryPoint, end)
    /\ recoveryPointFile' = IF Bug("OffsetsAreNotLowered") THEN recoveryPointFile ELSE Smaller(recoveryPointFile, end)
    /\ highWatermark' = Smaller(highWatermark, end)
    /\ highWatermarkFile' = Smaller(highWatermarkFile, end)
    /\ UNCHANGED <<segment, marker, up, log, offline, found, nextId>>

\* The segment that holds the end: the last that begins at or below it.
Holder(end) == Max({b \in Existing : b <= end})
\* active.log().truncate: the page cache has it, the disk not yet.
CutFile ==
    /\ Works /\ cut.step = "lowered"
    /\ LET b == Holder(cut.end)
       IN segment' = [segment EXCEPT ![b] = [@ EXCEPT !.cells = SubSeq(@, 1, cut.end - b), !.was = segment[b].cells]]
    /\ cut' = [cut EXCEPT !.step = "cut"]
    /\ UNCHANGED <<recoveryPointFile, highWatermarkFile, marker, up, log, recoveryPoint, highWatermark, offline, found, nextId,
                   left>>

\* active.log().sync.
SyncCut ==
    /\ Works /\ cut.step = "cut"
    /\ LET b == Holder(cut.end)
       IN IF \E n \in 1 .. Len(segment[b].cells) : segment[b].cells[n].lost
            THEN offline' = TRUE /\ UNCHANGED <<segment, cut>>
            ELSE /\ segment' = IF Bug("CutIsNotSynced") THEN segment
                               ELSE [segment EXCEPT ![b] = [Synced(@) EXCEPT !.entry = segment[b].entry]]
                 /\ cut' = [cut EXCEPT !.step = "synced"]
                 /\ UNCHANGED offline
    /\ UNCHANGED <<recoveryPointFile, highWatermarkFile, marker, up, log, recoveryPoint, highWatermark, found, nextId, left>>

\* PartitionLog.retire: later segments are renamed away; a crash may bring any of them back.
Retire ==
    /\ Works /\ cut.step = "synced"
    /\ segment' = [b \in Bases |->
         IF Exists(b) /\ b > Holder(cut.end) THEN [segment[b] EXCEPT !.entry = "renamed"] ELSE segment[b]]
    /\ cut' = [cut EXCEPT !.step = "retired"]
    /\ UNCHANGED <<recoveryPointFile, highWatermarkFile, marker, up, log, recoveryPoint, highWatermark, offline, found, nextId,
                   left>>

DirectorySynced(file) ==
    IF file.entry = "renamed" THEN NoFile
    ELSE IF file.entry = "new" THEN [file EXCEPT !.entry = "durable"]
    ELSE file
\* LogCheckpointer.replaceEpochs syncs the directory, and the truncation returns.
EndCut ==
    /\ Works /\ cut.step = "retired"
    /\ segment' = IF Bug("RemovedEntriesAreNotSynced") THEN segment ELSE [b \in Bases |-> DirectorySynced(segment[b])]
    /\ log' = SubSeq(log, 1, cut.end)
    /\ cut' = NotCutting
    /\ UNCHANGED <<recoveryPointFile, highWatermarkFile, marker, up, recoveryPoint, highWatermark, offline, found, nextId, left>>

(* -------------------------------------------------------------------------------------------------------------- the machine *)

\* The kernel fails to write dirty pages and calls them clean: reads show them, the disk has them not.
WriteBackFails ==
    /\ up = "up" /\ (\E n \in 1 .. Len(segment[Active].cells) : IsDirty(segment[Active].cells[n])) /\ Spend("writeBack")
    /\ segment' = [segment EXCEPT ![Active].cells =
         [n \in 1 .. Len(@) |-> IF IsDirty(@[n]) THEN [@[n] EXCEPT !.lost = TRUE] ELSE @[n]]]
    /\ UNCHANGED <<recoveryPointFile, highWatermarkFile, marker, up, log, recoveryPoint, highWatermark, cut, offline, found,
                   nextId>>

Forget ==
    /\ up' = "down" /\ cut' = NotCutting /\ offline' = FALSE /\ found' = NothingFound
    /\ UNCHANGED <<log, recoveryPoint, highWatermark, recoveryPointFile, highWatermarkFile, marker, nextId>>

\* Power goes: of each unsynced batch anything may be left, files may be longer than what is in them, and entries may come or go.
Fates == {"whole", "torn", "zeros", "gone"}
AfterPower(file, fate, keepsWas, b) ==
    LET now == IF keepsWas THEN file.was ELSE file.cells
        at(n) == IF now[n].lost THEN "zeros" ELSE IF now[n].synced THEN now[n].state ELSE fate[b + n - 1]
        gone == {n \in 1 .. Len(now) : at(n) = "gone"}
        end == IF gone = {} THEN Len(now) ELSE Min(gone) - 1
    IN [n \in 1 .. end |-> [id |-> now[n].id, state |-> at(n), synced |-> TRUE, lost |-> FALSE]]
DirtyOffsets == UNION {{b + n - 1 : n \in {m \in 1 .. Len(segment[b].cells) : IsDirty(segment[b].cells[m])}
                                        \cup {m \in 1 .. Len(segment[b].was) : IsDirty(segment[b].was[m])}} : b \in Bases}
Maybe(condition) == IF condition THEN BOOLEAN ELSE {FALSE}
Power ==
    /\ Spend("power")
    /\ \E fate \in [DirtyOffsets -> Fates],
         entryLost \in Maybe(\E b \in Bases : segment[b].entry = "new"),
         entryBack \in Maybe(\E b \in Bases : segment[b].entry = "renamed"),
         uncut \in Maybe(\E b \in Bases : segment[b].was # <<>>) :
         segment' = [b \in Bases |->
            IF \/ segment[b].entry = "none"
               \/ segment[b].entry = "new" /\ entryLost
               \/ segment[b].entry = "renamed" /\ ~entryBack
            THEN NoFile
            ELSE [cells |-> AfterPower(segment[b], fate, uncut /\ segment[b].was # <<>>, b), was |-> <<>>, entry |-> "durable"]]
    /\ Forget

\* The process dies alone: the page cache stays. After a failed write-back that is no way to go on.
Kill ==
    /\ up \in {"up", "cutting", "syncing"} /\ Spend("kill")
    /\ CachesDropped => \A b \in Existing : \A n \in 1 .. Len(segment[b].cells) : ~segment[b].cells[n].lost
    /\ UNCHANGED segment
    /\ Forget

(* ------------------------------------------------------------------------------------------------------------- the next start *)

\* TailScan: below the recovery point bytes are trusted, headers only are walked; above it every batch is checked.
IsIntact(cell, offset, trusted) ==
    cell.state = "whole" \/ (cell.state = "torn" /\ (offset < trusted \/ Bug("OnlyLengthsAreChecked")))
Id(cell) == IF cell.state = "whole" THEN cell.id ELSE IF cell.state = "torn" THEN Torn ELSE Zeros
NextBase(b) == LET above == {c \in Existing : c > b} IN IF above = {} THEN -1 ELSE Min(above)
RECURSIVE Scan(_, _, _)
\* What is found from segment b on: the ids, where the intact part ends, in which segment, and what follows it.
Scan(b, ids, trusted) ==
    LET cells == segment[b].cells
        broken == {n \in 1 .. Len(cells) : ~IsIntact(cells[n], b + n - 1, trusted)}
        good == IF broken = {} THEN Len(cells) ELSE Min(broken) - 1
        intact == ids \o [n \in 1 .. good |-> Id(cells[n])]
        rest == good + 1 .. Len(cells)
        onlyZeros == \A n \in rest : cells[n].state = "zeros"
        wholeBehind == \E n \in rest : cells[n].state = "whole"
        next == NextBase(b)
    IN CASE ~onlyZeros -> [ids |-> intact, last |-> b,
                           tail |-> IF wholeBehind \/ next # -1 THEN "broken inside" ELSE "broken at end"]
         [] onlyZeros /\ next = -1 -> [ids |-> intact, last |-> b, tail |-> "intact"]
         [] onlyZeros /\ next # b + good -> [ids |-> intact, last |-> b, tail |-> "broken inside"] \* a hole
         [] OTHER -> Scan(next, intact, trusted)
Found(trusted) == IF 0 \notin Existing THEN [ids |-> <<>>, last |-> 0, tail |-> "broken inside"] ELSE Scan(0, <<>>, trusted)
\* RecoveryTable: one row fits.
RowFor(clean, tail, pointCovered, shownCovered) ==
    IF clean
      THEN CASE tail = "broken at end" -> "D"
             [] tail = "broken inside" -> "E"
             [] OTHER -> IF ~pointCovered THEN "C" ELSE IF shownCovered THEN "A" ELSE "B"
      ELSE IF ~pointCovered THEN "K"
           ELSE IF ~shownCovered THEN (IF Durability = "sync" THEN "I" ELSE "J")
           ELSE CASE tail = "intact" -> "F" [] tail = "broken at end" -> "G" [] OTHER -> "H"
\* After a clean stop headers are enough, unless the log goes on behind what was written down (LogRecovery.openTrusting).
Result ==
    LET trusting == Found(IF marker THEN MaxEntries ELSE recoveryPointFile)
        clean == marker /\ Len(trusting.ids) <= recoveryPointFile
        scanned == IF clean \/ ~marker THEN trusting ELSE Found(recoveryPointFile)
        end == Len(scanned.ids)
    IN [ids |-> scanned.ids, last |-> scanned.last, tail |-> scanned.tail,
        row |-> RowFor(clean, scanned.tail, end >= recoveryPointFile, end >= highWatermarkFile)]
Refuses(row) == row \in {"B", "C", "D", "E", "I", "K"}

\* LogRecovery.open gathers the facts, asks the table, and removes segments behind the cut.
Decide ==
    /\ up = "down"
    /\ found' = Result
    /\ IF Refuses(found'.row)
         THEN up' = "refused" /\ UNCHANGED segment
         ELSE /\ up' = "cutting"
              /\ segment' = [b \in Bases |->
                   IF Exists(b) /\ b > found'.last THEN [segment[b] EXCEPT !.entry = "renamed"] ELSE segment[b]]
    /\ UNCHANGED <<recoveryPointFile, highWatermarkFile, marker, log, recoveryPoint, highWatermark, cut, offline, nextId, left>>

\* Cuts the last segment to what is intact, and syncs what is kept. A sync of pages that the kernel calls clean does nothing.
CutAndSync ==
    /\ up = "cutting"
    /\ LET kept(b) == IF b = found.last THEN SubSeq(segment[b].cells, 1, Len(found.ids) - b) ELSE segment[b].cells
       IN segment' = [b \in Bases |-> IF ~Exists(b) THEN segment[b]
            ELSE [cells |-> [n \in 1 .. Len(kept(b)) |->
                    [kept(b)[n] EXCEPT !.synced = IF Bug("StartDoesNotSync") THEN @ ELSE ~kept(b)[n].lost]],
                  was |-> <<>>, entry |-> segment[b].entry]]
    /\ up' = "syncing"
    /\ UNCHANGED <<recoveryPointFile, highWatermarkFile, marker, log, recoveryPoint, highWatermark, cut, offline, found, nextId,
                   left>>

\* Syncs the directory and opens the log: PartitionLog.of, with a recovery point at its end. The marker is gone, durably, before.
Open ==
    /\ up = "syncing"
    /\ segment' = [b \in Bases |-> DirectorySynced(segment[b])]
    /\ log' = found.ids
    /\ recoveryPoint' = Len(found.ids)
    /\ highWatermark' = Smaller(highWatermarkFile, Len(found.ids))
    /\ highWatermarkFile' = highWatermark'
    /\ marker' = IF Bug("MarkerStays") THEN marker ELSE FALSE
    /\ up' = "up" /\ found' = NothingFound
    /\ UNCHANGED <<recoveryPointFile, cut, offline, nextId, left>>

Next ==
    \/ Write \/ Roll \/ Sync \/ CheckpointRecoveryPoint \/ ShowRecords \/ CheckpointHighWatermark \/ CleanStop
    \/ (\E end \in 0 .. MaxEntries - 1 : BeginCut(end)) \/ CutFile \/ SyncCut \/ Retire \/ EndCut
    \/ WriteBackFails \/ Power \/ Kill
    \/ Decide \/ CutAndSync \/ Open
Spec == Init /\ [][Next]_vars

(* ----------------------------------------------------------------------------------------------------------------- properties *)

\* Whatever is claimed to be on disk is on disk, whole, in a file whose name is on disk.
ClaimedIsOnDisk == up = "up" => \A o \in 0 .. recoveryPoint - 1 : \E b \in Existing :
    /\ b <= o /\ o < b + Len(segment[b].cells) /\ segment[b].entry = "durable"
    /\ segment[b].cells[o - b + 1].synced /\ segment[b].cells[o - b + 1].state = "whole"
\* No crash, at whatever point, makes a log that stays out of service until a person has looked.
NeverRefused == up # "refused"
\* Under durability sync no reader was shown what a crash can take.
ShownIsKept == (Durability = "sync" /\ up \in {"cutting", "syncing"}) => Len(found.ids) >= highWatermark
\* What a start finds is whole.
NothingIsInvented == \A n \in 1 .. Len(found.ids) : found.ids[n] \in 1 .. MaxEntries
\* The steps of a start change nothing of what would be found, so that it may be interrupted and begun again.
StartIsRepeatable == up \in {"cutting", "syncing"} => Result.ids = found.ids

\* States that the models must reach.
RowA == found.row = "A" /\ log # <<>>
RowF == found.row = "F" /\ log # <<>>
RowG == found.row = "G"
RowH == found.row = "H"
RowJ == found.row = "J"
TornBelowWhole == up = "down" /\ \E b \in Existing : \E n \in 2 .. Len(segment[b].cells) :
    segment[b].cells[n - 1].state = "torn" /\ segment[b].cells[n].state = "whole"
SegmentBehindHole == up = "down" /\ Cardinality(Existing) = 2 /\ Len(segment[0].cells) < Active
RemovedSegmentIsBack == SegmentBehindHole /\ recoveryPoint < Active /\ left.cut = 0
StartInterrupted == up = "cutting" /\ left.power > 0

Disk == INSTANCE DurableLog WITH
    Entry <- 1 .. MaxEntries, NotCutting <- -1,
    log <- log, durable <- recoveryPoint, cutting <- cut.end, ended <- offline
TypeOK == Disk!TypeOK
IsDurableLog == [][Disk!Step]_vars
===============================================================================
