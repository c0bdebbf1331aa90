---------------------------- MODULE IsrTrace ----------------------------
(* Is a recorded run one of Isr? The run is that of a partition: the events of its brokers and of the controller, in an   *)
(* order that agrees with each node's own and puts what was sent before what was received.                                *)
(*                                                                                                                        *)
(* The node of an event is the broker that took the step; of Fence, Unfence, Register, ElectUnclean and Accept-, Refuse-  *)
(* and WithdrawProposal, which are the controller's, the broker that it decided about. Left to TLC, where it was not      *)
(* recorded: what was written, which of the fetches on their way arrived, what a crash left, whose election it was.       *)
(*                                                                                                                        *)
(*   field of the event    variable                               in replication                                          *)
(*   logEndOffset          log                                    PartitionLog: log end offset                            *)
(*   durableEndOffset      synced                                 PartitionLog: durable end                               *)
(*   highWatermark         highWatermark                          ReplicaMachine                                          *)
(*   leaderEpoch           metadata, by applied                   ClusterImage.partition: leader epoch                    *)
(*   partitionEpoch        applied; of a decision, the length     ClusterImage.partition: partition epoch                 *)
(*                         of metadata                                                                                    *)
(*   leader, isr, elr      metadata, the decision that was made   PartitionImage in the record that was appended          *)
(*   brokerEpoch           registration                           BrokerImage: broker epoch                               *)
(*   fenced                registration                           BrokerImage: fenced                                     *)
(*   proposedIsr           proposal                               LeaderMachine: what is proposed                         *)
(*   replica               the follower whose fetch it is         Fetch request: replica id                               *)
(*   slot                  place in exchange                      none: a follower has one fetch in flight                *)
(*   fetchOffset,          exchange: fetch                        Fetch request: fetch offset, last fetched epoch         *)
(*   lastFetchedEpoch                                                                                                     *)
(*   records               exchange: how many were sent           Fetch response                                          *)
(*   divergingEpoch,       exchange: diverging                    Fetch response: diverging epoch, its end offset         *)
(*   endOffset                                                                                                            *)
(*   consumer, readTo      received                               Fetch session of a consumer: its next fetch offset      *)
EXTENDS Isr, Recorded, TLC

traceVars == <<vars, recordedVars>>

(* What runs say of the constants, or what is right where nothing is bounded and nothing left out. *)
Given_Replica         == TraceConstant("Replica", {"r1", "r2", "r3"})
Given_Nobody          == TraceName("Nobody", "Nobody")
Given_Consumer        == TraceConstant("Consumer", {})
Given_Durability      == TraceConstant("Durability", "sync")
Given_Acks            == TraceConstant("Acks", "all")
Given_MinIsr          == TraceConstant("MinIsr", 2)
Given_UncleanElection == TraceConstant("UncleanElection", FALSE)
Given_TimelyLeases    == TraceConstant("TimelyLeases", FALSE)
Given_BatchSize       == TraceConstant("BatchSize", 1000000)
Given_Exchange        == TraceConstant("Exchange", {1, 2})
Given_IdleFetches     == TraceConstant("IdleFetches", TRUE)
Given_MaxRecord       == TraceConstant("MaxRecord", 1000000)
Given_MaxCrash        == TraceConstant("MaxCrash", 1000000)
Given_MaxStop         == TraceConstant("MaxStop", 1000000)
Given_MaxFence        == TraceConstant("MaxFence", 1000000)
Given_MaxShrink       == TraceConstant("MaxShrink", 1000000)
Given_MaxDoubt        == TraceConstant("MaxDoubt", 1000000)
Given_Bugs            == TraceConstant("Bugs", {})

(* What a broker has of the partition, and knows of who leads it. *)
Has(r) == [logEndOffset |-> Len(log'[r]), durableEndOffset |-> synced'[r], highWatermark |-> highWatermark'[r],
           leaderEpoch |-> metadata'[applied'[r]].leaderEpoch, partitionEpoch |-> applied'[r]]

(* The decision that the controller made, or found that it need not make. *)
Decision == LET p == metadata'[Len(metadata')]
            IN [partitionEpoch |-> Len(metadata'), leaderEpoch |-> p.leaderEpoch, isr |-> p.isr, elr |-> p.elr]
Elected  == [leader |-> metadata'[Len(metadata')].leader]

Registered(r) == [brokerEpoch |-> registration'[r].brokerEpoch, fenced |-> registration'[r].fenced]
Proposed(r)   == [proposedIsr |-> proposal'[r].isr]

Asks(f, x)     == [fetchOffset |-> exchange'[f][x].offset, lastFetchedEpoch |-> exchange'[f][x].lastEpoch]
Fetch(f, x)    == [replica |-> f, slot |-> x]
Asked(f, x)    == [fetchOffset |-> exchange[f][x].offset, lastFetchedEpoch |-> exchange[f][x].lastEpoch]
Sent(f, x)     == [records |-> IF exchange'[f][x] = None THEN 0 ELSE Len(exchange'[f][x].records)]
Diverging(f, x) == LET end == EndAsked(exchange[f][x]) IN [divergingEpoch |-> end.epoch, endOffset |-> end.offset]

TraceInit ==
  /\ Begins
  /\ Init
  /\ TraceShows(run, 1, "Begin", Nobody, NoChoice, [leader |-> Current.leader])

TraceNext ==
  \E r \in Replica :
    \/ Is("Fence", r)          /\ Fence(r)          /\ Shows("Fence", r, Elected, Decision)
    \/ Is("Unfence", r)        /\ Unfence(r)        /\ Shows("Unfence", r, Elected, Decision)
    \/ Is("Register", r)       /\ Register(r)       /\ Shows("Register", r, Elected, Decision @@ Registered(r))
    \/ Is("ElectUnclean", r)   /\ ElectUnclean(r)   /\ Shows("ElectUnclean", r, NoChoice, Elected @@ Decision)
    \/ Is("AcceptProposal", r) /\ AcceptProposal(r) /\ Shows("AcceptProposal", r, NoChoice, Decision)
    \/ Is("RefuseProposal", r) /\ RefuseProposal(r) /\ Shows("RefuseProposal", r, NoChoice, Decision)
    \/ Is("HearRefusal", r)    /\ HearRefusal(r)    /\ Shows("HearRefusal", r, NoChoice, Has(r))
    \/ Is("RepeatProposal", r) /\ RepeatProposal(r) /\ Shows("RepeatProposal", r, NoChoice, Has(r))
    \/ Is("WithdrawProposal", r) /\ WithdrawProposal(r) /\ Shows("WithdrawProposal", r, NoChoice, Decision)
    \/ Is("ApplyMetadata", r)  /\ ApplyMetadata(r)  /\ Shows("ApplyMetadata", r, NoChoice, Has(r))
    \/ Is("LoseLease", r)      /\ LoseLease(r)      /\ Shows("LoseLease", r, NoChoice, Has(r))
    \/ Is("RenewLease", r)     /\ RenewLease(r)     /\ Shows("RenewLease", r, NoChoice, Has(r))
    \/ Is("Sync", r)           /\ Sync(r)           /\ Shows("Sync", r, NoChoice, Has(r))
    \/ Is("Write", r)          /\ Write(r)          /\ Shows("Write", r, NoChoice, Has(r))
    \/ Is("ProposeShrink", r)  /\ ProposeShrink(r)  /\ Shows("ProposeShrink", r, Proposed(r), Has(r))
    \/ Is("ProposeExpand", r)  /\ ProposeExpand(r)  /\ Shows("ProposeExpand", r, Proposed(r), Has(r))
    \/ Is("Stop", r)           /\ Stop(r)           /\ Shows("Stop", r, NoChoice, Has(r))
    \/ Is("Crash", r)          /\ Crash(r)          /\ Shows("Crash", r, [logEndOffset |-> Len(log'[r])], NothingToSee)
    \/ \E f \in Replica, x \in Exchange :
         /\ exchange[f][x].kind = "fetch" /\ exchange[f][x].to = r
         /\ \/ Is("RefuseFetch", r)     /\ RefuseFetch(f, x)     /\ Shows("RefuseFetch", r, Fetch(f, x), Asked(f, x) @@ Has(r))
            \/ Is("ServeDivergence", r) /\ ServeDivergence(f, x) /\ Shows("ServeDivergence", r, Fetch(f, x), Asked(f, x) @@ Diverging(f, x) @@ Has(r))
            \/ Is("ServeRecords", r)    /\ ServeRecords(f, x)    /\ Shows("ServeRecords", r, Fetch(f, x), Asked(f, x) @@ Sent(f, x) @@ Has(r))
    \/ \E x \in Exchange :
         \/ Is("SendFetch", r)      /\ SendFetch(r, x)      /\ Shows("SendFetch", r, [slot |-> x], Asks(r, x) @@ Has(r))
         \/ Is("GiveUpFetch", r)    /\ GiveUpFetch(r, x)    /\ Shows("GiveUpFetch", r, [slot |-> x], Asked(r, x) @@ Has(r))
         \/ Is("TakeRecords", r)    /\ TakeRecords(r, x)    /\ Shows("TakeRecords", r, [slot |-> x], Has(r))
         \/ Is("TakeDivergence", r) /\ TakeDivergence(r, x) /\ Shows("TakeDivergence", r, [slot |-> x], Has(r))
         \/ Is("DropAnswer", r)     /\ DropAnswer(r, x)     /\ Shows("DropAnswer", r, [slot |-> x], Has(r))
    \/ \E c \in Consumer : Is("Read", r) /\ Read(c, r) /\ Shows("Read", r, [consumer |-> c], [readTo |-> Len(received'[c])] @@ Has(r))

TraceSpec == TraceInit /\ [][TraceNext]_traceVars

=======================================================================
