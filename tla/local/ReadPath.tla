------------------------------- MODULE ReadPath -------------------------------
(* Threads at one log: the append thread writes, publishes and truncates; replication moves the high watermark; a consumer's fetch
   and a follower's fetch read published pictures of the log (LogView) without a lock.

   Claim: a consumer is given records below the high watermark that its answer names, and each is the committed record of its
   offset; a follower is given the bytes of the history that its view was taken from; nobody is given bytes that were never
   published.

   The engine's tests of the same threads are the stress and interleaving tests named in docs/guarantees-local.md, and the
   properties are the same, so that the two confirm each other. The follower's last look (AnswerFollower) is FetchReads'.

   What replication moves the high watermark over is what it was told is durable, so the high watermark is a claim of DurableLog.

   Abstracted: a record is one byte at the position that is its offset, in one segment; memory is sequentially consistent (what
   the release and acquire of PublishedLog.END are for is in PublishedBeforeWritten). *)
EXTENDS Integers, Sequences

CONSTANTS
    MaxRecords, \* model: records written
    MaxCuts,    \* model: truncations
    Bugs

Bug(b) == b \in Bugs

VARIABLES
    file,          \* what the page cache has at each position: [epoch, id]
    published,     \* PublishedLog: generation of the log and its end
    generation,    \* DurableProgress.generation
    cutting,       \* a truncation: its end, and the step it has come to
    highWatermark, \* of the partition: PartitionView
    committed,     \* the model's memory of what was below the high watermark
    histories,     \* the model's memory: for each generation, what was published in it
    consumer,      \* a fetch: what it has read so far
    follower,      \* the same
    nextId, cutsLeft \* of the model
vars == <<file, published, generation, cutting, highWatermark, committed, histories, consumer, follower, nextId, cutsLeft>>

NoRecord == [epoch |-> -1, id |-> -1]
Idle == [step |-> "idle", bound |-> 0, end |-> 0, generation |-> 0, records |-> <<>>, told |-> 0]
NotCutting == [end |-> -1, step |-> "none"]
Smaller(a, b) == IF a < b THEN a ELSE b
IsPrefix(s, t) == Len(s) <= Len(t) /\ SubSeq(t, 1, Len(s)) = s
\* What a read of the file's first `end` bytes gives; behind its end there is nothing to read.
Bytes(end) == [n \in 1 .. end |-> IF n <= Len(file) THEN file[n] ELSE NoRecord]

Init ==
    /\ file = <<>> /\ published = [generation |-> 0, end |-> 0] /\ generation = 0 /\ cutting = NotCutting
    /\ highWatermark = 0 /\ committed = <<>> /\ histories = [g \in 0 .. MaxCuts |-> <<>>]
    /\ consumer = Idle /\ follower = Idle /\ nextId = 1 /\ cutsLeft = MaxCuts

(* ------------------------------------------------------------------------------------------------------------ append thread *)

\* PartitionLog.writeStaged: the bytes, then PublishedLog.grewTo.
PublishesFirst == Bug("PublishedBeforeWritten")
Write ==
    /\ cutting = NotCutting /\ nextId <= MaxRecords /\ Len(file) = (IF PublishesFirst THEN published.end - 1 ELSE published.end)
    /\ file' = Append(file, [epoch |-> generation, id |-> nextId])
    /\ nextId' = nextId + 1
    /\ UNCHANGED <<published, generation, cutting, highWatermark, committed, histories, consumer, follower, cutsLeft>>
Publish ==
    /\ cutting = NotCutting
    /\ IF PublishesFirst THEN published.end = Len(file) /\ nextId <= MaxRecords ELSE published.end < Len(file)
    /\ published' = [published EXCEPT !.end = @ + 1]
    /\ histories' = [histories EXCEPT ![generation] =
            Append(@, IF PublishesFirst THEN [epoch |-> generation, id |-> nextId] ELSE file[published.end + 1])]
    /\ UNCHANGED <<file, generation, cutting, highWatermark, committed, consumer, follower, nextId, cutsLeft>>

\* PartitionLog.cut: never below the high watermark; a new generation, a new picture, and then the file.
BeginCut ==
    /\ cutting = NotCutting /\ cutsLeft > 0 /\ Len(file) = published.end
    /\ \E end \in highWatermark .. published.end - 1 :
         /\ cutting' = [end |-> end, step |-> "begun"]
         /\ histories' = [histories EXCEPT ![generation + 1] = SubSeq(file, 1, end)]
    /\ generation' = generation + 1 /\ cutsLeft' = cutsLeft - 1
    /\ UNCHANGED <<file, published, highWatermark, committed, consumer, follower, nextId>>
PublishCut ==
    /\ cutting.step = "begun"
    /\ published' = [generation |-> generation, end |-> cutting.end]
    /\ cutting' = [cutting EXCEPT !.step = "published"]
    /\ UNCHANGED <<file, generation, highWatermark, committed, histories, consumer, follower, nextId, cutsLeft>>
CutFile ==
    /\ cutting.step = "published"
    /\ file' = SubSeq(file, 1, cutting.end)
    /\ cutting' = NotCutting
    /\ UNCHANGED <<published, generation, highWatermark, committed, histories, consumer, follower, nextId, cutsLeft>>

(* -------------------------------------------------------------------------------------------------------------- replication *)

\* PartitionHost: the machine moves the high watermark to what it has seen published, and posts it.
Advance ==
    /\ cutting = NotCutting /\ highWatermark < published.end
    /\ highWatermark' = highWatermark + 1
    /\ committed' = Append(committed, histories[generation][highWatermark + 1])
    /\ UNCHANGED <<file, published, generation, cutting, histories, consumer, follower, nextId, cutsLeft>>

(* --------------------------------------------------------------------------------------------------------- a consumer's fetch *)

\* FetchReads takes the partition's view once: its high watermark is both what the answer says and what bounds the records.
TakeHighWatermark ==
    /\ consumer.step = "idle"
    /\ consumer' = [Idle EXCEPT !.step = "bounded", !.bound = highWatermark, !.told = highWatermark]
    /\ UNCHANGED <<file, published, generation, cutting, highWatermark, committed, histories, follower, nextId, cutsLeft>>
\* LogReader.read: within the view's end, and never beyond the bound.
TakeView ==
    /\ consumer.step = "bounded"
    /\ LET bound == IF Bug("HighWatermarkIsReadTwice") THEN highWatermark ELSE consumer.bound
       IN consumer' = [consumer EXCEPT !.step = "viewed", !.bound = bound, !.end = Smaller(bound, published.end)]
    /\ UNCHANGED <<file, published, generation, cutting, highWatermark, committed, histories, follower, nextId, cutsLeft>>
\* LogReader.limitIn: where the readable bytes end is the view's word; the file may be longer by now.
ReadFile ==
    /\ consumer.step = "viewed"
    /\ LET limit == IF Bug("FileSizeIsReadAgain") /\ consumer.end = consumer.bound THEN Len(file) ELSE consumer.end
       IN consumer' = [consumer EXCEPT !.step = "read", !.records = Bytes(limit)]
    /\ UNCHANGED <<file, published, generation, cutting, highWatermark, committed, histories, follower, nextId, cutsLeft>>
AnswerConsumer ==
    /\ consumer.step = "read" /\ consumer' = Idle
    /\ UNCHANGED <<file, published, generation, cutting, highWatermark, committed, histories, follower, nextId, cutsLeft>>

(* --------------------------------------------------------------------------------------------------------- a follower's fetch *)

\* A follower reads to the log's end. (PublishedLog.view: the picture and its end are of one moment.)
FollowerTakesView ==
    /\ follower.step = "idle"
    /\ follower' = [Idle EXCEPT !.step = "viewed", !.end = published.end, !.generation = published.generation]
    /\ UNCHANGED <<file, published, generation, cutting, highWatermark, committed, histories, consumer, nextId, cutsLeft>>
FollowerReadsFile ==
    /\ follower.step = "viewed"
    /\ follower' = [follower EXCEPT !.step = "read", !.records = Bytes(follower.end)]
    /\ UNCHANGED <<file, published, generation, cutting, highWatermark, committed, histories, consumer, nextId, cutsLeft>>
\* Before the answer goes: was the log cut since? Then the bytes may be of another history (PartitionLog.truncations).
AnswerFollower ==
    /\ follower.step = "read"
    /\ follower' = IF generation = follower.generation \/ Bug("CutsAreNotLookedFor")
                     THEN [follower EXCEPT !.step = "answered"]
                     ELSE Idle
    /\ UNCHANGED <<file, published, generation, cutting, highWatermark, committed, histories, consumer, nextId, cutsLeft>>
FollowerIsDone ==
    /\ follower.step = "answered" /\ follower' = Idle
    /\ UNCHANGED <<file, published, generation, cutting, highWatermark, committed, histories, consumer, nextId, cutsLeft>>

Next ==
    \/ Write \/ Publish \/ BeginCut \/ PublishCut \/ CutFile \/ Advance
    \/ TakeHighWatermark \/ TakeView \/ ReadFile \/ AnswerConsumer
    \/ FollowerTakesView \/ FollowerReadsFile \/ AnswerFollower \/ FollowerIsDone
Spec == Init /\ [][Next]_vars

(* ----------------------------------------------------------------------------------------------------------------- properties *)

TypeOK == published.end \in 0 .. MaxRecords /\ highWatermark = Len(committed) /\ highWatermark <= published.end
\* No reader sees above the high watermark that it is told, and what it sees is what was committed there.
NothingAboveHighWatermark == consumer.step = "read" => Len(consumer.records) <= consumer.told
ConsumersReadWhatIsCommitted == consumer.step = "read" => IsPrefix(consumer.records, committed)
\* Nobody is given bytes of another history than that of the view he has taken.
FollowersReadOneHistory == follower.step = "answered" => IsPrefix(follower.records, histories[follower.generation])
\* Nobody is given bytes that were not there when he was told of them.
NoDataRace == \A f \in {consumer, follower} : f.step \in {"read", "answered"} /\ generation = f.generation =>
    \A n \in 1 .. Len(f.records) : f.records[n] # NoRecord
\* What is below the high watermark never changes.
CommittedOnlyGrows == [][IsPrefix(committed, committed')]_committed

\* States that the models must reach.
CutUnderAReader ==
  follower.step = "read" /\ follower.generation # generation /\ ~IsPrefix(follower.records, histories[follower.generation])
WatermarkMovedUnderAReader == consumer.step = "viewed" /\ highWatermark > consumer.bound

\* What readers see of the log's thread: a log that grows, and is cut from when the cut is published.
Disk == INSTANCE DurableLog WITH
    Entry <- [epoch : 0 .. MaxCuts, id : 1 .. MaxRecords], NotCutting <- -1,
    log <- SubSeq(file, 1, published.end), durable <- highWatermark,
    cutting <- IF cutting.step = "begun" THEN cutting.end ELSE -1, ended <- FALSE
IsDurableLog == [][Disk!Step]_vars
===============================================================================
