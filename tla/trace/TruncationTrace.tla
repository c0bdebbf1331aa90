------------------------ MODULE TruncationTrace ------------------------
(* Is a recorded run one of Truncation? Each event is a step of the action of its name, after which the log, the high     *)
(* watermark and the exchange are as recorded. What is not recorded is for TLC to find. Several runs are looked at at     *)
(* once; a run is accepted when all its events are explained.                                                             *)
(*                                                                                                                        *)
(*   variable              field of the event                     in replication.partition                                *)
(*   log.leader            leader (only of Begin)                 the log of LeaderMachine's partition                    *)
(*   log.follower          follower (of Begin), logEndOffset,     the log of FollowerMachine's partition                  *)
(*                         lastEpoch                                                                                      *)
(*   highWatermark         highWatermark                          FollowerMachine                                         *)
(*   exchange              fetchOffset, lastFetchedEpoch;         Fetch request; Fetch response                           *)
(*                         epoch, endOffset; records                                                                      *)
EXTENDS Truncation, TraceIo

VARIABLES
  run,   \* which of the runs
  next   \* its event that is to be explained
traceVars == <<vars, run, next>>

Event == Traces[run][next]

Has(field) == field \in DOMAIN Event

(* The first event says with which logs it begins. *)
TraceInit ==
  /\ run \in 1 .. Len(Traces)
  /\ next = 2
  /\ LET begin == Traces[run][1]
         end   == AgreedEnd(begin.leader, begin.follower)
     IN  /\ begin.event = "Begin"
         /\ IsLog(begin.leader) /\ IsLog(begin.follower) /\ OneHistory(begin.leader, begin.follower)
         /\ log = [leader |-> begin.leader, follower |-> begin.follower]
         /\ agreed = SubSeq(begin.leader, 1, end)
         /\ committed \in 0 .. end
         /\ highWatermark = begin.highWatermark
         /\ begin.highWatermark <= committed
         /\ cuts = [made |-> 0, epochs |-> EpochsOf(begin.follower)]
  /\ exchange = News

(* What was recorded of the state after the step. *)
AsRecorded ==
  /\ Has("logEndOffset")  => Len(log'.follower) = Event.logEndOffset
  /\ Has("lastEpoch")     => LastEpoch(log'.follower) = Event.lastEpoch
  /\ Has("leaderEndOffset") => Len(log'.leader) = Event.leaderEndOffset
  /\ Has("highWatermark") => highWatermark' = Event.highWatermark

Explained ==
  \/ Event.event = "BecomeFollower" /\ BecomeFollower
  \/ Event.event = "SendFetch" /\ SendFetch
       /\ exchange'.fetchOffset = Event.fetchOffset /\ exchange'.lastFetchedEpoch = Event.lastFetchedEpoch
  \/ Event.event = "AnswerFetch" /\ AnswerFetch
       /\ IF Has("records")
            THEN exchange'.type = "records" /\ exchange'.records = Event.records
            ELSE exchange'.type = "diverging" /\ exchange'.epoch = Event.epoch /\ exchange'.endOffset = Event.endOffset
  \/ Event.event = "Cut" /\ Cut
  \/ Event.event = "AppendFetched" /\ AppendFetched
  \/ Event.event = "Write" /\ Write

TraceNext ==
  /\ next <= Len(Traces[run])
  /\ Explained
  /\ AsRecorded
  /\ next' = next + 1
  /\ UNCHANGED run

TraceSpec == TraceInit /\ [][TraceNext]_traceVars

(* An invariant: tells the runner how far it came. *)
Matched == TraceExplained(run, next - 1)

=======================================================================
