------------------------ MODULE TruncationTrace ------------------------
(* Is a recorded run one of Truncation? The node of an event is "follower" or "leader". Left to TLC, where it was not     *)
(* recorded: what of the two logs was committed.                                                                          *)
(*                                                                                                                        *)
(*   field of the event    variable                               in replication                                          *)
(*   leader, follower      log, of Begin: epochs of the records   the logs of LeaderMachine's and FollowerMachine's       *)
(*                                                                partition                                               *)
(*   logEndOffset,         log                                    PartitionLog: log end offset, epoch of the last record  *)
(*   lastEpoch                                                                                                            *)
(*   highWatermark         highWatermark                          FollowerMachine                                         *)
(*   fetchOffset,          exchange: request                      Fetch request: fetch offset, last fetched epoch         *)
(*   lastFetchedEpoch                                                                                                     *)
(*   divergingEpoch,       exchange: diverging                    Fetch response: diverging epoch, its end offset; -1     *)
(*   endOffset                                                    when there are records                                  *)
(*   records               exchange: records                      Fetch response: epochs of its records                   *)
EXTENDS Truncation, Recorded, TLC

traceVars == <<vars, recordedVars>>

(* What runs say of the constants, or what is right where nothing is bounded and nothing left out. *)
Given_MaxEpoch  == TraceConstant("MaxEpoch", 3)
Given_MaxLength == TraceConstant("MaxLength", 1000000)
Given_FetchSize == TraceConstant("FetchSize", 1000000)
Given_Bugs      == TraceConstant("Bugs", {})

Follower == [logEndOffset |-> Len(log'.follower), lastEpoch |-> LastEpoch(log'.follower), highWatermark |-> highWatermark']
Leader   == [logEndOffset |-> Len(log'.leader), lastEpoch |-> LastEpoch(log'.leader)]

Asks     == [fetchOffset |-> exchange'.fetchOffset, lastFetchedEpoch |-> exchange'.lastFetchedEpoch]
Answered == IF exchange'.type = "records"
              THEN [records |-> exchange'.records, divergingEpoch |-> -1, endOffset |-> -1]
              ELSE [records |-> <<>>, divergingEpoch |-> exchange'.epoch, endOffset |-> exchange'.endOffset]

(* The first event says with which logs it begins. *)
BeginsWith(leader, follower) ==
  /\ IsLog(leader) /\ IsLog(follower) /\ OneHistory(leader, follower)
  /\ log = [leader |-> leader, follower |-> follower]
  /\ agreed = SubSeq(leader, 1, AgreedEnd(leader, follower))
  /\ committed \in 0 .. Len(agreed)
  /\ highWatermark \in 0 .. committed
  /\ cuts = [made |-> 0, epochs |-> EpochsOf(follower)]
  /\ exchange = News

TraceInit ==
  /\ Begins
  /\ IF {"leader", "follower"} \subseteq DOMAIN Beginning THEN BeginsWith(Beginning.leader, Beginning.follower) ELSE Init
  /\ TraceShows(run, 1, "Begin", "follower", NoChoice,
                [leader |-> log.leader, follower |-> log.follower, highWatermark |-> highWatermark])

TraceNext ==
  \/ Is("BecomeFollower", "follower") /\ BecomeFollower /\ Shows("BecomeFollower", "follower", NoChoice, Follower)
  \/ Is("SendFetch", "follower")      /\ SendFetch      /\ Shows("SendFetch", "follower", NoChoice, Asks @@ Follower)
  \/ Is("Cut", "follower")            /\ Cut            /\ Shows("Cut", "follower", NoChoice, Follower)
  \/ Is("AppendFetched", "follower")  /\ AppendFetched  /\ Shows("AppendFetched", "follower", NoChoice, Follower)
  \/ Is("AnswerFetch", "leader")      /\ AnswerFetch    /\ Shows("AnswerFetch", "leader", NoChoice, Answered @@ Leader)
  \/ Is("Write", "leader")            /\ Write          /\ Shows("Write", "leader", NoChoice, Leader)

TraceSpec == TraceInit /\ [][TraceNext]_traceVars

=======================================================================
