------------------------------ MODULE GroupSync ------------------------------
(* How the entries of one group become durable together, and what a disk that fails means.

   The append thread hands files over; the sync thread takes the group that waits, syncs its files by fdatasync each or by one
   syncfs, and then says which ends of which logs are on disk. Meanwhile the next group grows, logs are truncated, and other
   threads sync files of their own accord. The kernel may fail to write a page: it tells each descriptor once and calls the page
   clean ("fsyncgate", PostgreSQL 2018), so a second sync succeeds and means nothing.

   Claim: every log is a DurableLog whatever the order of all this, and every write is decided: claimed, or the directory is
   offline.

   Abstracted: one file per log; an entry is one page; a crash includes the start that follows it (Recovery has its steps). *)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
    Files,      \* one per log, all of durability sync
    Elsewhere,  \* those that lie on another file system: a partition's directory that is a link
    Strategy,   \* GroupSync.Strategy: "fdatasync" or "syncfs"
    MaxEntries, \* model: entries written, to all logs together
    Faults,     \* model: how often each of cut, crash, writeBack, otherSync may happen
    Bugs

Bug(b) == b \in Bugs

VARIABLES
    file,       \* per file: its cells [id, page: "dirty", "disk" or "lost"], and whom the kernel has still to tell of an error
    dirty,      \* files with writes that were not handed over: PartitionLog.dirty
    handedOut,  \* per log: DurableProgress.handedOut, oldest first
    generation, recoveryPoint, \* per log: DurableProgress
    waiting,    \* SyncHandover.waiting: files, per log the ends in the order of hand-over, and through: what needs no further
                \* sync than this
    syncing,    \* the group that the sync thread has, and which of its files it has still to sync
    settled,    \* per log: up to where producers were told "on disk", by the sequence that the sync has passed
    cutting,    \* per log: where the truncation under way will end it; -1 when none is
    failure,    \* Syncer.failure
    remembered, \* SyncFailures: a sync under this directory has failed, in whosever hands
    nextId, left \* of the model
logs == <<dirty, handedOut, generation, recoveryPoint>>
vars == <<file, logs, waiting, syncing, settled, cutting, failure, remembered, nextId, left>>

NoGroup == [files |-> {}, ends |-> [f \in Files |-> <<>>], through |-> [f \in Files |-> [end |-> 0, generation |-> 0]]]
Nothing == [group |-> NoGroup, left |-> {}, step |-> "none"]
Smaller(a, b) == IF a < b THEN a ELSE b
Larger(a, b) == IF a > b THEN a ELSE b
End(f) == Len(file[f].cells)
Spend(fault) == left[fault] > 0 /\ left' = [left EXCEPT ![fault] = @ - 1]
Offline == failure \/ remembered
NobodyCuts == \A f \in Files : cutting[f] = -1 \* a truncation is a task of the append thread
Cleaned(cells) == [n \in 1 .. Len(cells) |-> IF cells[n].page = "dirty" THEN [cells[n] EXCEPT !.page = "disk"] ELSE cells[n]]
Dropped(cells) == [n \in 1 .. Len(cells) |-> IF cells[n].page = "dirty" THEN [cells[n] EXCEPT !.page = "lost"] ELSE cells[n]]

Init ==
    /\ file = [f \in Files |-> [cells |-> <<>>, toTell |-> {}]]
    /\ dirty = {} /\ handedOut = [f \in Files |-> <<>>]
    /\ generation = [f \in Files |-> 0] /\ recoveryPoint = [f \in Files |-> 0]
    /\ waiting = NoGroup /\ syncing = Nothing
    /\ settled = [f \in Files |-> 0] /\ cutting = [f \in Files |-> -1]
    /\ failure = FALSE /\ remembered = FALSE
    /\ nextId = 1 /\ left = Faults

(* ------------------------------------------------------------------------------------------------------------ append thread *)

\* PartitionLog.writeStaged: the entry lies in the page cache.
Write(f) ==
    /\ ~Offline /\ NobodyCuts /\ nextId <= MaxEntries
    /\ file' = [file EXCEPT ![f].cells = Append(@, [id |-> nextId, page |-> "dirty"])]
    /\ dirty' = dirty \cup {f}
    /\ nextId' = nextId + 1
    /\ UNCHANGED <<handedOut, generation, recoveryPoint, waiting, syncing, settled, cutting, failure, remembered, left>>

\* Appender.endGroup: takes back the group that waits, adds all that is dirty, and puts it down again (takeBack and
\* put of SyncHandover).
HandOver ==
    /\ NobodyCuts /\ dirty # {}
    /\ LET takenBack == IF Bug("GroupTakenBackIsDropped") THEN NoGroup ELSE waiting
       IN /\ handedOut' = [f \in Files |-> IF f \in dirty
                                              THEN Append(handedOut[f], [end |-> End(f), generation |-> generation[f]])
                                           ELSE handedOut[f]]
          /\ waiting' = [files |-> takenBack.files \cup dirty,
                         ends |-> [f \in Files |-> IF f \in dirty THEN Append(takenBack.ends[f], End(f)) ELSE takenBack.ends[f]],
                         through |-> [f \in Files |-> [end |-> End(f), generation |-> generation[f]]]]
    /\ dirty' = {}
    /\ UNCHANGED <<file, generation, recoveryPoint, syncing, settled, cutting, failure, remembered, nextId, left>>

\* PartitionLog.cut begins: DurableProgress.truncated, and offsets that were written down are lowered.
BeginCut(f) ==
    /\ ~Offline /\ NobodyCuts /\ Spend("cut")
    /\ \E end \in 0 .. End(f) - 1 :
         /\ cutting' = [cutting EXCEPT ![f] = end]
         /\ recoveryPoint' = [recoveryPoint EXCEPT ![f] = Smaller(@, end)]
         /\ settled' = [settled EXCEPT ![f] = Smaller(@, end)]
    /\ generation' = [generation EXCEPT ![f] = @ + 1]
    /\ UNCHANGED <<file, dirty, handedOut, waiting, syncing, failure, remembered, nextId>>

\* Cuts the file and syncs it (DiskFile.sync, which is told of an error like anybody). Whatever is left of it is no more dirty.
EndCut(f) ==
    /\ cutting[f] # -1 /\ ~Offline
    /\ IF "file" \in file[f].toTell
         THEN /\ remembered' = TRUE /\ failure' = TRUE \* the truncation does not return
              /\ UNCHANGED <<file, cutting>>
         ELSE /\ file' = [file EXCEPT ![f].cells = Cleaned(SubSeq(@, 1, cutting[f]))]
              /\ cutting' = [cutting EXCEPT ![f] = -1]
              /\ UNCHANGED <<remembered, failure>>
    /\ UNCHANGED <<logs, waiting, syncing, settled, nextId, left>>

(* -------------------------------------------------------------------------------------------------------------- sync thread *)

\* SyncHandover.take.
Take ==
    /\ syncing = Nothing /\ waiting # NoGroup /\ ~failure
    /\ syncing' = [group |-> waiting, left |-> waiting.files, step |-> IF Strategy = "syncfs" THEN "syncfs" ELSE "files"]
    /\ waiting' = NoGroup
    /\ UNCHANGED <<file, logs, settled, cutting, failure, remembered, nextId, left>>

\* Syncer.sync, catch: the directory goes offline, whoever waits is told so, and nothing is tried again.
GiveUp == failure' = TRUE /\ syncing' = Nothing

\* DiskFile.sync by fdatasync: fails when the kernel says so, or when any sync below the directory has failed before.
SyncFile(f) ==
    /\ syncing.step = "files" /\ f \in syncing.left
    /\ LET told == "file" \in file[f].toTell
           fails == remembered \/ (told /\ ~Bug("FailedSyncIsRetried"))
       IN IF fails
            THEN GiveUp /\ remembered' = TRUE /\ file' = [file EXCEPT ![f].toTell = @ \ {"file"}]
            ELSE /\ file' = [file EXCEPT ![f] = [cells |-> Cleaned(@.cells), toTell |-> @.toTell \ {"file"}]]
                 /\ syncing' = [syncing EXCEPT !.left = @ \ {f}]
                 /\ UNCHANGED <<failure, remembered>>
    /\ UNCHANGED <<logs, waiting, settled, cutting, nextId, left>>

\* DiskFileStore.syncFileSystem looks whether any sync has failed, and calls syncfs.
BeginSyncFileSystem ==
    /\ syncing.step = "syncfs"
    /\ IF remembered THEN GiveUp ELSE syncing' = [syncing EXCEPT !.step = "in syncfs"] /\ UNCHANGED failure
    /\ UNCHANGED <<file, logs, waiting, settled, cutting, remembered, nextId, left>>

\* syncfs returns; it tells of write-backs that failed, and not of a sync that failed in another's hands. Files on other file
\* systems are then synced one by one.
SyncFileSystem ==
    /\ syncing.step = "in syncfs"
    /\ LET here == Files \ Elsewhere
           told == \E f \in here : "fs" \in file[f].toTell
       IN IF told
            THEN GiveUp /\ remembered' = TRUE /\ UNCHANGED file
            ELSE /\ file' = [f \in Files |-> IF f \in here THEN [file[f] EXCEPT !.cells = Cleaned(@)] ELSE file[f]]
                 /\ syncing' = [syncing EXCEPT !.step = "files",
                                                !.left = IF Bug("SyncfsForgetsLinks") THEN {} ELSE @ \cap Elsewhere]
                 /\ UNCHANGED <<failure, remembered>>
    /\ UNCHANGED <<logs, waiting, settled, cutting, nextId, left>>

\* DurableProgress.synced: what was handed out longest ago, up to and with what ended at `offset`.
RECURSIVE Report(_, _)
Report(log, offset) == \* log: queue, recoveryPoint, generation
    IF log.queue = <<>> THEN log
    ELSE LET oldest == Head(log.queue)
             counts == (oldest.generation = log.generation \/ Bug("OldGenerationCounts")) /\ oldest.end > log.recoveryPoint
             next == [log EXCEPT !.queue = Tail(@), !.recoveryPoint = IF counts THEN oldest.end ELSE @]
         IN IF oldest.end = offset /\ ~Bug("ReportsAllThatWasHandedOut") THEN next ELSE Report(next, offset)
RECURSIVE ReportAll(_, _)
ReportAll(log, ends) == IF ends = <<>> THEN log ELSE ReportAll(Report(log, Head(ends)), Tail(ends))

\* GroupSync.sync looks once more whether anybody's sync has failed; then Syncer.publishEnds, and the sequence moves on.
Publish ==
    /\ syncing.step = "files" /\ syncing.left = {}
    /\ IF remembered /\ ~Bug("OthersFailuresAreIgnored")
         THEN GiveUp /\ UNCHANGED <<handedOut, recoveryPoint, settled>>
         ELSE LET before(f) == [queue |-> handedOut[f], recoveryPoint |-> recoveryPoint[f], generation |-> generation[f]]
                  after == [f \in Files |-> ReportAll(before(f), syncing.group.ends[f])]
                  through(f) == IF Bug("EndIsReadAfterSync") THEN [end |-> End(f), generation |-> generation[f]]
                                ELSE syncing.group.through[f]
              IN /\ handedOut' = [f \in Files |-> after[f].queue]
                 /\ recoveryPoint' = [f \in Files |-> after[f].recoveryPoint]
                 /\ settled' = [f \in Files |-> IF through(f).generation = generation[f] /\ through(f).end > settled[f]
                                                  THEN through(f).end ELSE settled[f]]
                 /\ syncing' = Nothing /\ UNCHANGED failure
    /\ UNCHANGED <<file, dirty, generation, waiting, cutting, remembered, nextId, left>>

(* ---------------------------------------------------------------------------------------------------- others and the machine *)

\* A thread of its own accord (a checkpoint, LogCheckpointer.persist) syncs a file; its fdatasync may fail, and then only it is
\* told.
OtherSync(f) ==
    /\ ~Offline /\ Spend("otherSync")
    /\ \E fails \in BOOLEAN :
         LET told == fails \/ "file" \in file[f].toTell
         IN /\ file' = [file EXCEPT ![f] = [cells |-> IF told THEN Dropped(@.cells) ELSE Cleaned(@.cells),
                                             toTell |-> @.toTell \ {"file"}]]
            /\ remembered' = told
    /\ UNCHANGED <<logs, waiting, syncing, settled, cutting, failure, nextId>>

\* The kernel fails to write dirty pages: they are clean from now on, and each descriptor is told once, when it syncs.
WriteBackFails(f) ==
    /\ Spend("writeBack") /\ \E n \in 1 .. End(f) : file[f].cells[n].page = "dirty"
    /\ file' = [file EXCEPT ![f] = [cells |-> Dropped(@.cells), toTell |-> {"file", "fs"}]]
    /\ UNCHANGED <<logs, waiting, syncing, settled, cutting, failure, remembered, nextId>>

\* The machine stops; of the dirty pages any are left, and a start keeps and syncs the whole prefix of them.
OnDisk(cells, survivors) ==
    LET gone == {n \in 1 .. Len(cells) : cells[n].page = "lost" \/ (cells[n].page = "dirty" /\ n \notin survivors)}
        end == IF gone = {} THEN Len(cells) ELSE (CHOOSE n \in gone : \A m \in gone : n <= m) - 1
    IN [n \in 1 .. end |-> [cells[n] EXCEPT !.page = "disk"]]
Crash ==
    /\ Spend("crash")
    /\ \E survivors \in [Files -> SUBSET (1 .. MaxEntries)] :
         /\ \A f \in Files : survivors[f] \subseteq {n \in 1 .. End(f) : file[f].cells[n].page = "dirty"}
         /\ file' = [f \in Files |-> [cells |-> OnDisk(file[f].cells, survivors[f]), toTell |-> {}]]
    /\ recoveryPoint' = [f \in Files |-> Len(file'[f].cells)] /\ settled' = recoveryPoint'
    /\ dirty' = {} /\ handedOut' = [f \in Files |-> <<>>] /\ generation' = [f \in Files |-> 0]
    /\ waiting' = NoGroup /\ syncing' = Nothing /\ cutting' = [f \in Files |-> -1]
    /\ failure' = FALSE /\ remembered' = FALSE
    /\ UNCHANGED nextId

SyncThread == Take \/ (\E f \in Files : SyncFile(f)) \/ BeginSyncFileSystem \/ SyncFileSystem \/ Publish
Next ==
    \/ \E f \in Files : Write(f) \/ BeginCut(f) \/ EndCut(f) \/ OtherSync(f) \/ WriteBackFails(f)
    \/ HandOver \/ Take \/ (\E f \in Files : SyncFile(f)) \/ BeginSyncFileSystem \/ SyncFileSystem \/ Publish
    \/ Crash
Spec == Init /\ [][Next]_vars
LiveSpec == Spec /\ WF_vars(HandOver) /\ WF_vars(SyncThread)

(* ----------------------------------------------------------------------------------------------------------------- properties *)

\* What producers were told is on disk is on disk.
SettledIsOnDisk == \A f \in Files : \A n \in 1 .. settled[f] : file[f].cells[n].page = "disk"
\* Bytes below the recovery point are on disk: recovery will not look at them again.
RecoveryPointIsOnDisk ==
  \A f \in Files : recoveryPoint[f] <= End(f) /\ \A n \in 1 .. recoveryPoint[f] : file[f].cells[n].page = "disk"
\* Who claims nothing after a failure claims nothing of what a failure has dropped.
NothingAfterFailure == [][failure => (failure' => settled' = settled \/ \E f \in Files : settled'[f] < settled[f])]_vars
\* Every write is claimed in the end, or its log directory is offline.
EveryWriteIsDecided == []<>(Offline \/ \A f \in Files : settled[f] = End(f))

\* States that the models must reach.
GroupGrowsDuringSync == syncing # Nothing /\ \E f \in Files : Len(waiting.ends[f]) > 1
CutDuringSync == syncing # Nothing /\ \E f \in Files : syncing.group.through[f].generation < generation[f]
OtherFailedDuringSync == syncing # Nothing /\ remembered /\ ~failure

Disk(f) == INSTANCE DurableLog WITH
    Entry <- 1 .. MaxEntries, NotCutting <- -1,
    log <- [n \in 1 .. End(f) |-> file[f].cells[n].id],
    durable <- settled[f], cutting <- cutting[f], ended <- failure
TypeOK == \A f \in Files : Disk(f)!TypeOK
LogsAreDurableLogs == [][\A f \in Files : Disk(f)!Step]_vars
==============================================================================
