--------------------------- MODULE QuorumTrace ---------------------------
(* Is a recorded run one of Quorum? The events are those of its servers, in an order that agrees with each server's own   *)
(* and puts what was sent before what was received. The node of an event is the server that took the step.                *)
(*                                                                                                                        *)
(* Left to TLC, where it was not recorded: which of the requests was heard, what entries hold, which fetch it was, what   *)
(* a crash left.                                                                                                          *)
(*                                                                                                                        *)
(*   field of the event    variable                               in replication                                          *)
(*   epoch, votedFor,      epoch, voted, leader                   HardState                                               *)
(*   leader                                                                                                               *)
(*   role                  role                                   QuorumMachine: its state                                *)
(*   directory             directory                              HardState: directory id                                 *)
(*   logStartOffset        start                                  MetadataLog: start, where the newest snapshot ends      *)
(*   logEndOffset,         log                                    MetadataLog: end, epoch of the last entry               *)
(*   lastEpoch                                                                                                            *)
(*   durableEndOffset      synced                                 MetadataLog: durable end                                *)
(*   highWatermark         hw                                     LeaderProgress, or what the follower was told           *)
(*   candidate,            asked: the request that is answered    Vote request: candidate, its epoch                      *)
(*   candidateEpoch                                                                                                       *)
(*   granted               votes                                  Vote response                                           *)
(*   voters                log: what its newest voters entry says VoterHistory                                            *)
(*   replica               the fetcher whose exchange it is       Fetch request: replica id                               *)
(*   slot                  place in net                           none: a fetcher has one fetch in flight                 *)
(*   fetchOffset,          net: fetch                             Fetch request: fetch offset, last fetched epoch         *)
(*   lastFetchedEpoch                                                                                                     *)
(*   answer, entries       net: its type, how many were sent      Fetch response; "Nothing" when it was refused           *)
EXTENDS Quorum, Recorded

traceVars == <<vars, recordedVars>>

(* What runs say of the constants, or what is right where nothing is bounded and nothing left out. *)
Given_Server        == TraceConstant("Server", {"s1", "s2", "s3"})
Given_InitialVoters == TraceConstant("InitialVoters", {"s1", "s2", "s3"})
Given_Nobody        == TraceName("Nobody", "Nobody")
Given_PreVote       == TraceConstant("PreVote", TRUE)
Given_HardStateSync == TraceConstant("HardStateSync", TRUE)
Given_MaxEpoch      == TraceConstant("MaxEpoch", 1000000)
Given_MaxRecord     == TraceConstant("MaxRecord", 1000000)
Given_Budget        == TraceConstant("Budget", [x \in {"crash", "wipe", "resign", "change", "snapshot"} |-> 1000000])
Given_Slot          == TraceConstant("Slot", {1, 2})
Given_Batch         == TraceConstant("Batch", 1000000)
Given_SyncApart     == TraceConstant("SyncApart", "parts")
Given_FetchAlways   == TraceConstant("FetchAlways", TRUE)
Given_AskAround     == TraceConstant("AskAround", TRUE)
Given_Bugs          == TraceConstant("Bugs", {})

(* What a server has afterwards. *)
Has(s) == [epoch |-> epoch'[s], votedFor |-> IF voted'[s] = Nobody THEN Nobody ELSE voted'[s][1], leader |-> leader'[s], role |-> role'[s],
           logStartOffset |-> start'[s], logEndOffset |-> Len(log'[s]), lastEpoch |-> LastEpoch(log'[s]),
           durableEndOffset |-> synced'[s], highWatermark |-> hw'[s]]

Votes(s)   == [voters |-> {v[1] : v \in VotersBy(log'[s], Said(s))}]
Vote(q)    == [candidate |-> q.candidate[1], candidateEpoch |-> q.epoch]
Granted    == [granted |-> \E b \in votes' \ votes : b.granted]

Fetch(f, i)    == [replica |-> f, slot |-> i]
Asks(f, i)     == [fetchOffset |-> net'[f][i].offset, lastFetchedEpoch |-> net'[f][i].lastEpoch]
Asked(f, i)    == [fetchOffset |-> net[f][i].offset, lastFetchedEpoch |-> net[f][i].lastEpoch]
Answered(f, i) == [answer |-> net'[f][i].type, entries |-> IF net'[f][i] = Nothing THEN 0 ELSE Len(net'[f][i].entries)]

TraceInit ==
  /\ Begins
  /\ Init
  /\ TraceShows(run, 1, "Begin", Nobody, NoChoice, NothingToSee)

TraceNext ==
  \E s \in Server :
    \/ Is("StartPreVote", s) /\ StartPreVote(s) /\ Shows("StartPreVote", s, NoChoice, Has(s))
    \/ Is("GiveUp", s)       /\ GiveUp(s)       /\ Shows("GiveUp", s, NoChoice, Has(s))
    \/ Is("Campaign", s)     /\ Campaign(s)     /\ Shows("Campaign", s, NoChoice, Has(s))
    \/ Is("Lead", s)         /\ Lead(s)         /\ Shows("Lead", s, NoChoice, Has(s))
    \/ Is("Follow", s)       /\ Follow(s)       /\ Shows("Follow", s, NoChoice, Has(s))
    \/ Is("Resign", s)       /\ Resign(s)       /\ Shows("Resign", s, NoChoice, Has(s))
    \/ Is("Write", s)        /\ Write(s)        /\ Shows("Write", s, NoChoice, Has(s))
    \/ Is("ChangeVoters", s) /\ ChangeVoters(s) /\ Shows("ChangeVoters", s, Votes(s), Has(s))
    \/ Is("Sync", s)         /\ Sync(s)         /\ Shows("Sync", s, NoChoice, Has(s))
    \/ Is("Snapshot", s)     /\ Snapshot(s)     /\ Shows("Snapshot", s, [logStartOffset |-> start'[s]], Has(s))
    \/ Is("Crash", s)        /\ Crash(s)        /\ Shows("Crash", s, [logEndOffset |-> Len(log'[s]), epoch |-> epoch'[s]], Has(s))
    \/ Is("Wipe", s)         /\ Wipe(s)         /\ Shows("Wipe", s, NoChoice, [directory |-> directory'[s]] @@ Has(s))
    \/ \E q \in asked :
         \/ Is("AnswerPreVote", s) /\ AnswerPreVoteTo(s, q) /\ Shows("AnswerPreVote", s, Vote(q) @@ Granted, Has(s))
         \/ Is("AnswerVote", s)    /\ AnswerVoteTo(s, q)    /\ Shows("AnswerVote", s, Vote(q), Granted @@ Has(s))
    \/ \E f \in Server, i \in Slot :
         /\ net[f][i].type = "Fetch" /\ net[f][i].to = s
         /\ Is("AnswerFetch", s) /\ AnswerFetch(f, i) /\ Shows("AnswerFetch", s, Fetch(f, i), Asked(f, i) @@ Answered(f, i) @@ Has(s))
    \/ \E i \in Slot :
         \/ Is("SendFetch", s)    /\ SendFetch(s, i)    /\ Shows("SendFetch", s, [slot |-> i], Asks(s, i) @@ Has(s))
         \/ Is("TakeEntries", s)  /\ TakeEntries(s, i)  /\ Shows("TakeEntries", s, [slot |-> i], Has(s))
         \/ Is("CutBack", s)      /\ CutBack(s, i)      /\ Shows("CutBack", s, [slot |-> i], Has(s))
         \/ Is("TakeSnapshot", s) /\ TakeSnapshot(s, i) /\ Shows("TakeSnapshot", s, [slot |-> i], Has(s))
         \/ Is("Discard", s)      /\ Discard(s, i)      /\ Shows("Discard", s, [slot |-> i], Has(s))

TraceSpec == TraceInit /\ [][TraceNext]_traceVars

=======================================================================
