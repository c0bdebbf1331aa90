------------------------- MODULE IdempotentProducer -------------------------
(***************************************************************************)
(* One producer writes to one partition, sends again what was not answered,*)
(* and yet every batch is in the log once, in order (KIP-98, KIP-360).     *)
(* The broker judges a batch by what the log remembers of the producer:    *)
(* its epoch and its last five batches.  That memory is a function of the  *)
(* log.  It is kept beside it, in snapshots, and whoever changes the log   *)
(* (a new leader that cuts it, a restart that reads it again) must make    *)
(* memory and log agree again.  Most mistakes are made there.              *)
(*                                                                         *)
(* Claimed: no batch twice, none before one that was sent earlier, none    *)
(* missing between two that are there; a batch of an older epoch is never  *)
(* appended after one of a newer; what was acknowledged is where the       *)
(* answer said; a retry of one of the last batches is answered with the    *)
(* first one's offset.  It rests on two things, and fails without either:  *)
(* that the memory of a producer is not lost while copies of its requests  *)
(* are under way, and that a broker which remembers nothing of a producer  *)
(* gets its requests in order.  For what is unknown may begin anywhere.    *)
(*                                                                         *)
(* Replication is Isr's matter.  Here a partition is one log with a high   *)
(* watermark, and a change of the leader cuts it anywhere above that.      *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets, TLC

CONSTANTS
  Window,       \* batches that are remembered: five (ProducerEntry.WINDOW)
  InFlight,     \* requests that the producer may have unanswered: at most Window (max.in.flight.requests.per.connection)
  LateCopies    \* FALSE: while a request may still be under way, its producer is not forgotten (producer.id.expiration.ms
                \* is a day, delivery.timeout.ms two minutes).  TRUE: it may be

CONSTANT
  Overtaking    \* FALSE: who knows nothing of the producer gets its requests in the order in which they were sent, because there
                \* is one connection, and a client sends again from the first unanswered one on.  TRUE: in any order

CONSTANTS       \* model: bounds
  MaxBatch,     \* batches that the producer wants to write; a batch has one record, so offsets and batches are numbered alike
  Budget        \* [cut, bump, snapshot, delete, recover, forget |-> how often]

CONSTANT Bugs   \* the mistakes that are made; see IdempotentProducer.models.json
Bug(b) == b \in Bugs

VARIABLES
  \* The producer.
  epoch,        \* its epoch
  base,         \* the batch that has sequence 0 in this epoch
  issued,       \* how many batches it has sent at least once
  acked,        \* for each of those, the offset that it was told; 0 before
  dropped,      \* batches that an earlier incarnation of it had not been told about when it ended
  \* On the wire: requests; each may arrive late and more than once, or never.
  wire,
  \* The partition.
  log,          \* batches: [epoch, sequence, batch]
  start,        \* how many of them were deleted; model: they stay for the invariants, nobody else reads them
  hw,           \* how many are committed
  memory,       \* what the leader remembers of the producer: Unknown, or [epoch, window of [sequence, offset]]
  snapshots,    \* memories on disk: [end, memory], each as it was when the log ended there
  \* For the checker only.
  whole,        \* model: the memory has missed nothing so far, no snapshot was lost and no producer forgotten
  left          \* model: what is left of the budget

producer  == <<epoch, base, issued, acked, dropped>>
partition == <<log, start, hw, memory, snapshots, whole>>
vars == <<epoch, base, issued, acked, dropped, wire, log, start, hw, memory, snapshots, whole, left>>

Max(S) == CHOOSE x \in S : \A y \in S : x >= y
Min(S) == CHOOSE x \in S : \A y \in S : x <= y
Unknown == [epoch |-> -1, window |-> <<>>]
Request(b) == [epoch |-> epoch, sequence |-> b - base, batch |-> b]
FirstUnacked == Min({b \in 1..(issued + 1) : b > issued \/ (acked[b] = 0 /\ b \notin dropped)})

-----------------------------------------------------------------------------
(* What the log remembers. *)

(* One batch more: a new epoch empties the window, a full window loses its oldest.  ProducerStates.note, ProducerEntry. *)
Note(m, e, offset) ==
  LET kept  == IF m.epoch = e.epoch THEN m.window ELSE <<>>
      more  == Append(kept, [sequence |-> e.sequence, offset |-> offset])
      limit == IF Bug("WindowOfOne") THEN 1 ELSE Window
  IN [epoch |-> e.epoch, window |-> IF Len(more) > limit THEN SubSeq(more, Len(more) - limit + 1, Len(more)) ELSE more]

(* The memory m of a log that ends at from, and then every batch up to the end.  ProducerStates.replay. *)
RECURSIVE Replay(_, _, _, _)
Replay(m, entries, from, end) == IF from = end THEN m ELSE Replay(Note(m, entries[from + 1], from + 1), entries, from + 1, end)

(* How a log gets its memory back: from the newest snapshot at or below its end, and from the log behind that.  Without one, from
   the start of the log.  ProducerStates, "a log restores it like this"; ProducerReplay. *)
Restore(entries, from, end, found) ==
  LET usable == {s \in found : s.end <= end /\ s.end >= from}
      newest == IF usable = {} THEN [end |-> from, memory |-> Unknown] ELSE CHOOSE s \in usable : \A t \in usable : s.end >= t.end
  IN IF newest.end >= end \/ Bug("SnapshotWithoutReplay") THEN newest.memory ELSE Replay(newest.memory, entries, newest.end, end)

(* The verdict on a request; the order of the questions matters.  ProducerStates.check, SequenceCheck; KIP-98, KIP-360. *)
LastSequence == IF memory.window = <<>> THEN -1 ELSE memory.window[Len(memory.window)].sequence
Known(q) == {i \in DOMAIN memory.window : memory.window[i].sequence = q.sequence}
Check(q) ==
  IF memory = Unknown \/ Bug("NoSequenceCheck") THEN "Next"            \* may begin with any sequence (KIP-360)
  ELSE IF q.epoch < memory.epoch /\ ~Bug("NoEpochCheck") THEN "Fenced"
  ELSE IF q.epoch > memory.epoch THEN IF q.sequence = 0 \/ Bug("NewEpochAnywhere") THEN "Next" ELSE "OutOfOrder"
  ELSE IF Known(q) # {} THEN "Duplicate"
  ELSE IF q.sequence = LastSequence + 1 \/ (q.sequence > LastSequence /\ Bug("GapAccepted")) THEN "Next" ELSE "OutOfOrder"
FirstOffset(q) == memory.window[Max(Known(q))].offset

-----------------------------------------------------------------------------
(* The producer, which is Kafka's client: the environment of what is built here. *)

(* The next batch goes out for the first time.  That it is sent again needs no step: a request may arrive more than once. *)
Send ==
  /\ issued < MaxBatch /\ issued + 1 < FirstUnacked + InFlight
  /\ issued' = issued + 1
  /\ acked'  = Append(acked, 0)
  /\ wire'   = wire \cup {Request(issued + 1)}
  /\ UNCHANGED <<epoch, base, dropped, partition, left>>

(* Another incarnation takes over (InitProducerId): a new epoch, and new batches.  What was under way stays under way. *)
TakeOver ==
  /\ left.bump > 0
  /\ epoch'   = epoch + 1
  /\ base'    = issued + 1
  /\ dropped' = dropped \cup {b \in 1..issued : acked[b] = 0}
  /\ left'    = [left EXCEPT !.bump = @ - 1]
  /\ UNCHANGED <<issued, acked, wire, partition>>

-----------------------------------------------------------------------------
(* The leader. *)

(* A request arrives, perhaps not for the first time, and comes next.  PartitionLog.append, ProducerStates.update. *)
AppendBatchOf(q) ==
  /\ Check(q) = "Next"
  /\ memory = Unknown => q.batch <= FirstUnacked \/ q.epoch < epoch \/ Overtaking
  /\ log'    = Append(log, q)
  /\ memory' = Note(memory, q, Len(log) + 1)
  /\ UNCHANGED <<producer, wire, start, hw, snapshots, whole, left>>
AppendBatch == \E q \in wire : AppendBatchOf(q)

(* A batch is committed, and its sender told; or its sender is not told, and sends again. *)
Commit ==
  /\ hw < Len(log)
  /\ hw' = hw + 1
  /\ UNCHANGED <<producer, wire, log, start, memory, snapshots, whole, left>>
Acknowledge(n) ==
  /\ n \in 1..hw /\ log[n].epoch = epoch /\ acked[log[n].batch] = 0
  /\ acked' = [acked EXCEPT ![log[n].batch] = n]
  /\ UNCHANGED <<epoch, base, issued, dropped, wire, partition, left>>

(* A retry of a batch that is remembered is answered as the first one was: with its offset, and not before that is committed.
   SequenceCheck.Duplicate. *)
AnswerDuplicateOf(q) ==
  /\ Check(q) = "Duplicate" /\ q.epoch = epoch
  /\ FirstOffset(q) <= hw \/ Bug("DuplicateToldEarly")
  /\ acked[q.batch] = 0
  /\ acked' = [acked EXCEPT ![q.batch] = FirstOffset(q)]
  /\ UNCHANGED <<epoch, base, issued, dropped, wire, partition, left>>
AnswerDuplicate == \E q \in wire : AnswerDuplicateOf(q)

(* Refused as out of order although everything before it was acknowledged: the broker has lost its memory.  The producer raises
   its own epoch, and what it was not told about goes out again from sequence 0 (KIP-360).  Otherwise the refusal says only that
   the batch was overtaken; it is sent again as it was.  That nothing is forgotten too early means that this is never needed, and
   TLC confirms it: with LateCopies = FALSE, and no mistake, this step is never taken.
   Model: the answer is read in the step that decides it, for one to an earlier attempt is not read at all. *)
RaiseEpochAfter(q) ==
  /\ left.bump > 0
  /\ Check(q) = "OutOfOrder" /\ q.epoch = epoch /\ acked[q.batch] = 0
  /\ q.batch = FirstUnacked \/ Bug("RaisesOnAnyRefusal")
  /\ epoch' = epoch + 1
  /\ base'  = FirstUnacked
  /\ wire'  = wire \cup {[epoch |-> epoch + 1, sequence |-> b - FirstUnacked, batch |-> b] :
                         b \in {c \in FirstUnacked..issued : acked[c] = 0}}
  /\ left'  = [left EXCEPT !.bump = @ - 1]
  /\ UNCHANGED <<issued, acked, dropped, partition>>
RaiseEpoch == \E q \in wire : RaiseEpochAfter(q)

-----------------------------------------------------------------------------
(* The log changes under its memory. *)

(* Nobody waits for an answer, and nothing is under way: so much time has passed.  Only then may a memory m of a log with this
   end have forgotten all that the producer wrote there, if complete says that it has missed something. *)
Quiet == \A b \in 1..issued : acked[b] # 0 \/ b \in dropped
Forgetting(m, end, complete) ==
  IF m # Unknown \/ end = 0 \/ complete \/ LateCopies THEN UNCHANGED wire ELSE Quiet /\ wire' = {}

(* Another replica leads.  It has what is committed and any piece of the rest; the others cut their logs to its, and every one of
   them has remembered, from its own log, what the leader remembered from its.  PartitionLog.truncate; KIP-101. *)
ChangeLeader ==
  /\ left.cut > 0
  /\ \E end \in hw..Len(log) :
       LET found == IF Bug("SnapshotOutlivesCut") THEN snapshots ELSE {s \in snapshots : s.end <= end}
       IN /\ log' = SubSeq(log, 1, end)
          /\ snapshots' = found
          /\ memory' = IF Bug("NotRestoredAfterCut") THEN memory
                       ELSE IF Bug("FollowerRemembersNothing") THEN Unknown
                       ELSE IF end = Len(log) /\ ~whole THEN memory ELSE Restore(log, start, end, found)
          /\ Forgetting(memory', end, whole)
  /\ left' = [left EXCEPT !.cut = @ - 1]
  /\ UNCHANGED <<producer, start, hw, whole>>

(* A segment is full, or the log is closed: the memory is written beside it.  LogCheckpointer, SnapshotFormat. *)
TakeSnapshot ==
  /\ left.snapshot > 0 /\ log # <<>> /\ \A s \in snapshots : s.end # Len(log)
  /\ snapshots' = snapshots \cup {[end |-> Len(log), memory |-> memory]}
  /\ left' = [left EXCEPT !.snapshot = @ - 1]
  /\ UNCHANGED <<producer, wire, log, start, hw, memory, whole>>

(* Retention: old batches go, segment by segment, and each begins with a snapshot.  Their producer has long been told. *)
DeleteOld ==
  /\ left.delete > 0
  /\ \E n \in (start + 1)..hw :
       /\ \E s \in snapshots : s.end = n
       /\ \A i \in 1..n : acked[log[i].batch] # 0 \/ log[i].batch \in dropped
       /\ start' = n
  /\ left' = [left EXCEPT !.delete = @ - 1]
  /\ UNCHANGED <<producer, wire, log, hw, memory, snapshots, whole>>

(* A restart that finds some of the snapshots, and the log from its start.  LogRecovery, ProducerReplay.restore. *)
Recover ==
  /\ left.recover > 0
  /\ \E found \in SUBSET snapshots :
       LET m == Restore(log, start, Len(log), found)
       IN /\ memory' = m
          /\ snapshots' = found
          /\ whole' = (whole /\ (start = 0 \/ found = snapshots))
          /\ Forgetting(m, Len(log), whole')
  /\ left' = [left EXCEPT !.recover = @ - 1]
  /\ UNCHANGED <<producer, log, start, hw>>

(* A producer that has written nothing for a day is forgotten; a restart may bring it back.  ProducerStates.expire. *)
Forget ==
  /\ left.forget > 0 /\ memory # Unknown
  /\ memory' = Unknown /\ whole' = FALSE
  /\ Forgetting(Unknown, Len(log), FALSE)
  /\ left' = [left EXCEPT !.forget = @ - 1]
  /\ UNCHANGED <<producer, log, start, hw, snapshots>>

-----------------------------------------------------------------------------

Init ==
  /\ epoch = 0 /\ base = 1 /\ issued = 0 /\ acked = <<>> /\ dropped = {} /\ wire = {}
  /\ log = <<>> /\ start = 0 /\ hw = 0 /\ memory = Unknown /\ snapshots = {} /\ whole = TRUE /\ left = Budget

Next ==
  \/ Send
  \/ TakeOver
  \/ AppendBatch
  \/ Commit
  \/ \E n \in 1..MaxBatch : Acknowledge(n)
  \/ AnswerDuplicate
  \/ RaiseEpoch
  \/ ChangeLeader
  \/ TakeSnapshot
  \/ DeleteOld
  \/ Recover
  \/ Forget

Spec == Init /\ [][Next]_vars

(* Fair: a producer that goes on sending, a network that delivers, a partition that commits and answers. *)
FairSpec ==
  Spec /\ WF_vars(Send)
       /\ WF_vars(AppendBatch) /\ WF_vars(Commit)
       /\ WF_vars(\E n \in 1..MaxBatch : Acknowledge(n)) /\ WF_vars(AnswerDuplicate)

-----------------------------------------------------------------------------
(* What holds in every state. *)

Batches == 1..MaxBatch
Requests == [epoch : 0..Budget.bump, sequence : 0..(MaxBatch - 1), batch : Batches]
Memories ==
  [epoch : -1..Budget.bump, window : UNION {[1..n -> [sequence : 0..(MaxBatch - 1), offset : 1..MaxBatch]] : n \in 0..Window}]
TypeOK ==
  /\ epoch \in 0..Budget.bump /\ base \in 1..(MaxBatch + 1) /\ issued \in 0..MaxBatch /\ Len(acked) = issued
  /\ wire \subseteq Requests /\ dropped \subseteq 1..issued
  /\ \A i \in DOMAIN log : log[i] \in Requests
  /\ 0 <= start /\ start <= hw /\ hw <= Len(log)
  /\ Len(memory.window) <= Window /\ memory.epoch \in -1..Budget.bump

(* No batch is in the log twice. *)
NoDuplicate == \A i, j \in DOMAIN log : log[i].batch = log[j].batch => i = j

(* The log has the batches in the order in which they were sent. *)
InOrder == \A i, j \in DOMAIN log : i < j => log[i].batch <= log[j].batch

(* Before a batch in the log is every one that the producer sent before it, but for those that an incarnation left undecided. *)
NoGap == \A i \in DOMAIN log : \A b \in 1..log[i].batch : b \in dropped \/ \E j \in 1..i : log[j].batch = b

(* What was acknowledged is in the log where the answer said. *)
AckedIsThere == \A b \in 1..issued : acked[b] # 0 => acked[b] <= Len(log) /\ log[acked[b]].batch = b

(* As long as nothing was lost, the memory is what the whole log says, ... *)
MemoryIsOfTheLog == whole => memory = Replay(Unknown, log, 0, Len(log))

(* ... so that a retry of one of the producer's last batches is a duplicate, and is told the first one's offset. *)
LastOnes(n) == {i \in DOMAIN log : i > Len(log) - n /\ log[i].epoch = log[Len(log)].epoch}
RetryIsRecognised == whole => \A i \in LastOnes(Window) : Check(log[i]) = "Duplicate" /\ FirstOffset(log[i]) = i

(* What holds of every step: after a batch of a newer epoch is in the log, none of an older is appended. *)
FencedStaysOut ==
  [][Len(log') > Len(log) => \A i \in DOMAIN log : log[i].epoch <= log'[Len(log')].epoch]_vars

(* In the end everything is written and acknowledged. *)
Delivered == <>(issued = MaxBatch /\ \A b \in Batches : b \in dropped \/ (b \in DOMAIN acked /\ acked[b] # 0))

-----------------------------------------------------------------------------
(* What can be reached. *)

AllAcked        == issued = MaxBatch /\ \A b \in Batches : acked[b] # 0
RetryRecognised == \E q \in wire : Check(q) = "Duplicate" /\ acked[q.batch] = 0 /\ FirstOffset(q) <= hw
OldRetryRefused == \E q \in wire : Check(q) = "OutOfOrder" /\ q.epoch = memory.epoch /\ q.sequence < LastSequence
OvertakenRefused == \E q \in wire : Check(q) = "OutOfOrder" /\ q.sequence > LastSequence + 1
ZombieFenced    == \E q \in wire : Check(q) = "Fenced"
CutBelowSnapshot ==
  left.cut < Budget.cut /\ left.snapshot < Budget.snapshot /\ snapshots = {} /\ log # <<>> /\ left.recover = Budget.recover
WrittenAgainAfterCut == left.cut < Budget.cut /\ Len(log) = MaxBatch
MemoryLost      == ~whole /\ log # <<>> /\ memory = Unknown
BegunAnywhere ==
  /\ ~whole /\ memory # Unknown /\ log # <<>> /\ left.forget < Budget.forget
  /\ memory.window[1].offset > 1 /\ memory.window[1].sequence > 0
=============================================================================
