------------------------- MODULE ControllerTrace -------------------------
(* Is a recorded run one of Controller? The node of an event is the controller that took the step; that of Ask, "broker". *)
(* Left to TLC, where it was not recorded: whose tail a new controller begins with, which request it was.                 *)
(*                                                                                                                        *)
(*   field of the event    variable                               in replication                                          *)
(*   request, version      sent; tail, answers: the request       AlterPartition request: its correlation, partition      *)
(*                                                                epoch                                                   *)
(*   reign                 active                                 ControllerMachine: epoch of the quorum it is active in  *)
(*   logEndOffset          tail: its length                       ControllerMachine: end of what it has appended          *)
(*   highWatermark         known                                  ControllerMachine: end of what is committed             *)
(*   waiting               pending: how many                      AppendRecords effects whose replies wait                *)
(*   accepted              pending, answers                       ControllerEffect.Reply                                  *)
EXTENDS Controller, Recorded

traceVars == <<vars, recordedVars>>

(* What runs say of the constants, or what is right where nothing is bounded. *)
Given_Node       == TraceConstant("Node", {"c1", "c2", "c3"})
Given_MaxReign   == TraceConstant("MaxReign", 1000000)
Given_MaxRequest == TraceConstant("MaxRequest", 1000)
Given_Bugs       == TraceConstant("Bugs", {})

(* What a controller has afterwards. *)
Has(c) == [reign |-> active'[c], logEndOffset |-> Len(tail'[c]), highWatermark |-> known'[c], waiting |-> Cardinality(pending'[c])]

Asks(v)     == [request |-> Cardinality(sent'), version |-> v]
Asked(q)    == [request |-> q.id, version |-> q.version]
Decided(c)  == [accepted |-> tail'[c] # tail[c]]
Answered(c) == LET a == CHOOSE a \in pending[c] : a \notin pending'[c]
               IN [request |-> a.request.id, accepted |-> a.accepted]

TraceInit ==
  /\ Begins
  /\ Init
  /\ TraceShows(run, 1, "Begin", "broker", NoChoice, NothingToSee)

TraceNext ==
  \/ \E v \in 0..Cardinality(sent) : Is("Ask", "broker") /\ Ask(v) /\ Shows("Ask", "broker", Asks(v), NothingToSee)
  \/ \E c \in Node :
       \/ Is("Elect", c)  /\ Elect(c)  /\ Shows("Elect", c, [logEndOffset |-> Len(tail'[c])], Has(c))
       \/ Is("Commit", c) /\ Commit(c) /\ Shows("Commit", c, [highWatermark |-> known'[c]], Has(c))
       \/ Is("Answer", c) /\ Answer(c) /\ Shows("Answer", c, Answered(c), Has(c))
       \/ Is("Retire", c) /\ Retire(c) /\ Shows("Retire", c, NoChoice, Has(c))
       \/ \E q \in sent : Is("Decide", c) /\ DecideOn(c, q) /\ Shows("Decide", c, Asked(q), Decided(c) @@ Has(c))

TraceSpec == TraceInit /\ [][TraceNext]_traceVars

=======================================================================
