-------------------------- MODULE Truncation --------------------------
(* How a follower's log becomes the leader's. Of two logs, each the work of several leaders, the follower's may end in    *)
(* records that the leader does not have: they were never committed, and have to go. What the two agree on has to stay.   *)
(*                                                                                                                        *)
(* The follower fetches. With its offset it names the epoch of its last record (KIP-595, and Fetch from version 12). The  *)
(* leader answers with records, or that the two diverge, and where its own records of that epoch or of the one before     *)
(* end (KIP-101, KIP-279). Then the follower cuts its log and fetches again. Nothing else makes a follower cut.           *)
(*                                                                                                                        *)
(* Every pair of logs up to a length that several leaders can have left is an initial state, so what holds here holds for *)
(* every divergence of that size. Who leads, what is committed and when are given: see Isr.                               *)
EXTENDS Logs, FiniteSets

CONSTANTS
  MaxEpoch,   \* the epochs that wrote the logs; the leader's own is the next
  MaxLength,  \* of either log
  FetchSize,  \* records in an answer
  Bugs        \* mistakes that were made elsewhere; {} is the protocol

VARIABLES
  log,            \* "leader", "follower" -> sequence of records; a record is the epoch of the leader that wrote it
  highWatermark,  \* how much the follower knows to be committed
  exchange,       \* the follower's only fetch: a request, its answer, or nothing; before it, news of the leader
  agreed,         \* for the properties: what the two agreed on at first
  committed,      \* for the properties: how much of that was committed
  cuts            \* for the properties: how often the follower has cut, and which epochs it had at first

vars == <<log, highWatermark, exchange, agreed, committed, cuts>>

Bug(b) == b \in Bugs

LeaderEpoch == MaxEpoch + 1
Epochs      == 1 .. LeaderEpoch
Offsets     == 0 .. MaxLength
NoEpoch     == 0  \* of the last record of an empty log
EpochsOf(s) == Range(s)
LastEpoch(s) == IF s = <<>> THEN NoEpoch ELSE s[Len(s)]

Nothing == [type |-> "nothing"]
News    == [type |-> "new leader"]
Request == [type : {"request"}, fetchOffset : Offsets, lastFetchedEpoch : Epochs \cup {NoEpoch}]
Answer  ==      [type : {"records"}, baseOffset : Offsets, records : UNION {[1 .. n -> Epochs] : n \in 0 .. FetchSize}]
           \cup [type : {"diverging"}, epoch : Epochs \cup {NoEpoch}, endOffset : Offsets]

TypeOK ==
  /\ \A r \in {"leader", "follower"} : Len(log[r]) \in Offsets /\ EpochsOf(log[r]) \subseteq Epochs
  /\ highWatermark \in Offsets
  /\ exchange \in {Nothing, News} \cup Request \cup Answer
  /\ committed \in 0 .. Len(agreed)
  /\ cuts.made \in Nat /\ cuts.epochs \subseteq Epochs

---------------------------------------------------------------------------
(* What several leaders can leave. *)

(* Epochs never go back within a log. *)
IsLog(s) == \A i \in 1 .. Len(s) - 1 : s[i] <= s[i + 1]

AllLogs == {s \in UNION {[1 .. n -> 1 .. MaxEpoch] : n \in Offsets} : IsLog(s)}

(* Who has a record of an epoch has everything that its leader had before it, in the same places. *)
OneHistory(s, t) ==
  \A i \in 1 .. Len(s), j \in 1 .. Len(t) :
    s[i] = t[j] => SubSeq(s, 1, Smaller(i, j)) = SubSeq(t, 1, Smaller(i, j))

Init ==
  \E l, f \in AllLogs :
    /\ OneHistory(l, f)
    /\ log = [leader |-> l, follower |-> f]
    /\ agreed = SubSeq(l, 1, AgreedEnd(l, f))
    /\ committed \in 0 .. Len(agreed)
    /\ highWatermark \in 0 .. committed  \* the follower hears of it later
    /\ exchange = News
    /\ cuts = [made |-> 0, epochs |-> EpochsOf(f)]

---------------------------------------------------------------------------
(* The leader epochs of a log, which is all that is asked of it: engine.segment.LeaderEpochs. *)

(* The largest epoch up to e that has records, and where they end: everything after them is of a later epoch. *)
EndOfEpoch(s, e) ==
  LET upTo == {i \in 1 .. Len(s) : s[i] <= e}
  IN  [epoch |-> IF upTo = {} THEN NoEpoch ELSE s[Cardinality(upTo)],
       endOffset |-> IF Bug("EndIsInclusive") /\ upTo # {} THEN Cardinality(upTo) - 1 ELSE Cardinality(upTo)]

---------------------------------------------------------------------------
(* The follower: replication.partition.FollowerMachine. *)

(* It hears of a new leader. It cuts nothing: before KIP-101 it cut to its high watermark, which lags behind what was     *)
(* committed.                                                                                                             *)
BecomeFollower ==
  /\ exchange = News
  /\ exchange' = Nothing
  /\ log' = IF Bug("CutToHighWatermark") THEN [log EXCEPT !.follower = CutTo(@, highWatermark)] ELSE log
  /\ UNCHANGED <<highWatermark, agreed, committed, cuts>>

(* KIP-595: the epoch of the last record goes with the offset. *)
SendFetch ==
  /\ exchange = Nothing
  /\ log.follower # log.leader  \* model: once they are equal, fetches change nothing
  /\ exchange' = [type |-> "request", fetchOffset |-> Len(log.follower), lastFetchedEpoch |-> LastEpoch(log.follower)]
  /\ UNCHANGED <<log, highWatermark, agreed, committed, cuts>>

(* KIP-279: it looks up the epoch it was told in its own log. Either end is enough to make it cut, and the nearer one is  *)
(* the one up to which the two can agree.                                                                                 *)
Cut ==
  /\ exchange.type = "diverging"
  /\ LET own == EndOfEpoch(log.follower, exchange.epoch).endOffset
         end == IF Bug("NoLookupOfOwnEpochs") THEN exchange.endOffset ELSE Smaller(own, exchange.endOffset)
     IN  /\ log' = [log EXCEPT !.follower = CutTo(@, end)]
         /\ highWatermark' = Smaller(highWatermark, end)
  /\ cuts' = [cuts EXCEPT !.made = @ + 1]
  /\ exchange' = Nothing
  /\ UNCHANGED <<agreed, committed>>

AppendFetched ==
  /\ exchange.type = "records"
  /\ log' = [log EXCEPT !.follower = @ \o exchange.records]
  /\ exchange' = Nothing
  /\ UNCHANGED <<highWatermark, agreed, committed, cuts>>

---------------------------------------------------------------------------
(* The leader: replication.partition.LeaderMachine. *)

(* KIP-101, KIP-279, KIP-595: the two diverge when the epoch is not the leader's, or ends before the follower's log does. *)
Diverges(request, end) ==
  /\ request.fetchOffset > 0
  /\ \/ end.epoch < request.lastFetchedEpoch /\ ~Bug("OnlyOffsetsCompared")
     \/ end.endOffset < request.fetchOffset
  /\ ~Bug("NoDivergenceCheck")

AnswerFetch ==
  /\ exchange.type = "request"
  /\ LET end  == EndOfEpoch(log.leader, exchange.lastFetchedEpoch)
         from == exchange.fetchOffset
     IN  exchange' =
           IF Diverges(exchange, end)
             THEN [type |-> "diverging", epoch |-> end.epoch, endOffset |-> end.endOffset]
             ELSE [type |-> "records", baseOffset |-> from,
                   records |-> SubSeq(log.leader, from + 1, Smaller(from + FetchSize, Len(log.leader)))]
  /\ UNCHANGED <<log, highWatermark, agreed, committed, cuts>>

(* Whenever it likes, also while the two still diverge. Until it has, its epoch has no records. *)
Write ==
  /\ Len(log.leader) < MaxLength
  /\ log' = [log EXCEPT !.leader = Append(@, LeaderEpoch)]
  /\ UNCHANGED <<highWatermark, exchange, agreed, committed, cuts>>

---------------------------------------------------------------------------

Next == BecomeFollower \/ SendFetch \/ AnswerFetch \/ Cut \/ AppendFetched \/ Write

Exchange == BecomeFollower \/ SendFetch \/ AnswerFetch \/ Cut \/ AppendFetched

Spec == Init /\ [][Next]_vars /\ WF_vars(Exchange)

---------------------------------------------------------------------------
(* Properties. *)

(* No committed record is cut. *)
KeepsWhatIsCommitted == IsPrefix(SubSeq(agreed, 1, committed), log.follower)

(* Nor any other that the leader has as well: it would only be fetched again. *)
KeepsWhatAgrees == IsPrefix(agreed, log.follower)

(* Never do two records of one epoch stand in one place with different ones before them: the follower appends only behind *)
(* what it shares with the leader.                                                                                        *)
LogMatching == OneHistory(log.leader, log.follower)

(* Each round ends at least one of the epochs that the follower had. *)
OneCutForAnEpoch == cuts.made <= Cardinality(cuts.epochs)

HighWatermarkIsWithinTheLog == highWatermark <= Len(log.follower)

OnlyCutCuts == [][Len(log'.follower) < Len(log.follower) => exchange.type = "diverging"]_log

(* In the end they are equal, and stay so. *)
Agree == <>[](log.follower = log.leader)

---------------------------------------------------------------------------
(* For the models: states that they have to come to. *)

HasCut               == cuts.made > 0
HasCutTwice          == cuts.made > 1
HasCutEverything     == cuts.made > 0 /\ log.follower = <<>> /\ cuts.epochs # {}
AgreesAfterACut      == cuts.made > 0 /\ log.follower = log.leader /\ Len(agreed) > 0
LeaderLacksTheEpoch  == exchange.type = "diverging" /\ exchange.epoch < LastEpoch(log.follower) /\ exchange.epoch # NoEpoch
BothLackTheEpoch     == exchange.type = "diverging" /\ exchange.epoch \notin EpochsOf(log.follower) /\ exchange.epoch # NoEpoch
FollowerIsLonger     == Len(log.follower) > Len(log.leader)
CutsToHighWatermark  == cuts.made > 0 /\ exchange = Nothing /\ Len(log.follower) = highWatermark /\ highWatermark > 0
HasWhatWasJustWritten == LastEpoch(log.follower) = LeaderEpoch
=======================================================================
