--------------------- MODULE IdempotentProducerTrace ---------------------
(* Is a recorded run one of IdempotentProducer? The node of an event is "producer" or "partition". Offsets are Kafka's:   *)
(* the first is 0, where the specification counts from 1. Left to TLC, where it was not recorded: which of the requests   *)
(* on the wire arrived, what batches hold, where a change of the leader cut, which snapshots a restart found.             *)
(*                                                                                                                        *)
(*   field of the event    variable                               in the engine                                           *)
(*   producerEpoch         epoch; of a request, its epoch         record batch: producer epoch                            *)
(*   baseSequence          wire: sequence of the request          record batch: base sequence                             *)
(*   baseOffset            log; acked                             what the batch was given; Produce response: base offset *)
(*   logStartOffset        start                                  PartitionLog: log start offset                          *)
(*   logEndOffset          log: its length                        PartitionLog: log end offset                            *)
(*   highWatermark         hw                                     PartitionLog: high watermark                            *)
(*   rememberedEpoch       memory: epoch; -1 when unknown         ProducerStates: producer epoch                          *)
(*   lastSequence          memory: its last sequence              ProducerEntry: last sequence                            *)
(*   window                memory: how many batches               ProducerEntry: batches that are remembered              *)
(*   snapshots             snapshots: where they end              ProducerSnapshots: offsets of the files                 *)
EXTENDS IdempotentProducer, Recorded

traceVars == <<vars, recordedVars>>

(* What runs say of the constants, or what is right where nothing is bounded. *)
Given_Window     == TraceConstant("Window", 5)
Given_InFlight   == TraceConstant("InFlight", 5)
Given_LateCopies == TraceConstant("LateCopies", FALSE)
Given_Overtaking == TraceConstant("Overtaking", FALSE)
Given_MaxBatch   == TraceConstant("MaxBatch", 1000)
Given_Budget     == TraceConstant("Budget", [x \in {"cut", "bump", "snapshot", "delete", "recover", "forget"} |-> 1000000])
Given_Bugs       == TraceConstant("Bugs", {})

(* What the partition has afterwards. *)
Has == [logStartOffset |-> start', logEndOffset |-> Len(log'), highWatermark |-> hw', rememberedEpoch |-> memory'.epoch,
        lastSequence |-> IF memory'.window = <<>> THEN -1 ELSE memory'.window[Len(memory'.window)].sequence,
        window |-> Len(memory'.window)]

Sent         == [baseSequence |-> issued' - base']
Arrived(q)   == [producerEpoch |-> q.epoch, baseSequence |-> q.sequence]
Produces     == [producerEpoch |-> epoch']
Kept         == [snapshots |-> {s.end : s \in snapshots'}]

TraceInit ==
  /\ Begins
  /\ Init
  /\ TraceShows(run, 1, "Begin", "partition", NoChoice, NothingToSee)

TraceNext ==
  \/ Is("Send", "producer")           /\ Send         /\ Shows("Send", "producer", NoChoice, Sent @@ Produces)
  \/ Is("TakeOver", "producer")       /\ TakeOver     /\ Shows("TakeOver", "producer", NoChoice, Produces)
  \/ Is("Commit", "partition")        /\ Commit       /\ Shows("Commit", "partition", NoChoice, Has)
  \/ Is("ChangeLeader", "partition")  /\ ChangeLeader /\ Shows("ChangeLeader", "partition", [logEndOffset |-> Len(log')], Kept @@ Has)
  \/ Is("TakeSnapshot", "partition")  /\ TakeSnapshot /\ Shows("TakeSnapshot", "partition", NoChoice, Kept @@ Has)
  \/ Is("DeleteOld", "partition")     /\ DeleteOld    /\ Shows("DeleteOld", "partition", [logStartOffset |-> start'], Has)
  \/ Is("Recover", "partition")       /\ Recover      /\ Shows("Recover", "partition", Kept, Has)
  \/ Is("Forget", "partition")        /\ Forget       /\ Shows("Forget", "partition", NoChoice, Has)
  \/ \E q \in wire :
       \/ Is("AppendBatch", "partition")     /\ AppendBatchOf(q)     /\ Shows("AppendBatch", "partition", Arrived(q), [baseOffset |-> Len(log)] @@ Has)
       \/ Is("AnswerDuplicate", "partition") /\ AnswerDuplicateOf(q) /\ Shows("AnswerDuplicate", "partition", Arrived(q), [baseOffset |-> FirstOffset(q) - 1] @@ Has)
       \/ Is("RaiseEpoch", "producer")       /\ RaiseEpochAfter(q)   /\ Shows("RaiseEpoch", "producer", [baseSequence |-> q.sequence], Produces)
  \/ \E n \in 1..hw :
       Is("Acknowledge", "partition") /\ Acknowledge(n)
         /\ Shows("Acknowledge", "partition", [baseOffset |-> n - 1], Arrived(log[n]) @@ Has)

TraceSpec == TraceInit /\ [][TraceNext]_traceVars

=======================================================================
