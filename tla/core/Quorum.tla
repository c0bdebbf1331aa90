------------------------------- MODULE Quorum -------------------------------
(***************************************************************************)
(* The metadata quorum: Raft in the shape that KRaft gave it.  A few       *)
(* servers agree on one log.  One of them leads an epoch (Raft's term),    *)
(* appends, and waits; the others *pull*: a fetch says how far its sender  *)
(* has got, so it is request for more and acknowledgement in one (KIP-595).*)
(* What a majority of the voters holds durably is committed for good.      *)
(*                                                                         *)
(* Claimed and checked: an epoch has at most one leader, whoever leads     *)
(* holds all that was ever committed, logs that agree on an entry agree on *)
(* all before it, servers expose prefixes of one and the same log; all of  *)
(* it while servers crash and lose what they had not synced, take          *)
(* snapshots and drop what those cover (KIP-630), lose a disk, and while   *)
(* voters come and go one at a time (KIP-853).  In short: the quorum       *)
(* implements CommittedLog.  That it also gets anywhere is the matter of   *)
(* QuorumLive, that a controller may rely on it of Controller.             *)
(*                                                                         *)
(* To read it: the variables, then the election, then replication.  What   *)
(* is called "model" is there for the checker and has no counterpart in    *)
(* the system:                                                             *)
(*   - Votes and announcements are facts in sets that only grow.  A        *)
(*     message that is late, doubled or lost is a fact read late, twice or *)
(*     never, so no network is needed for them.                            *)
(*   - A crash and the restart after it are one step.  A server that stays *)
(*     down is one that takes no step.                                     *)
(*   - Time does not exist: what a timer may do can happen at any moment.  *)
(*   - A log keeps the entries that its snapshot covers.  No action looks  *)
(*     at them, the invariants do.                                         *)
(***************************************************************************)
EXTENDS Integers, FiniteSets, Logs, TLC

CONSTANTS
  Server,         \* the servers: voters, observers, and those that may become either
  InitialVoters,  \* who votes before the log says anything about it, each with its first disk; a subset of Server
  Nobody,         \* no server
  PreVote,        \* whether a server asks if it would win before it campaigns (KIP-996)
  HardStateSync   \* whether epoch, vote and leader are synced before anything else follows from them

CONSTANTS         \* model: bounds.  They limit faults and growth, never recovery
  MaxEpoch,       \* the last epoch
  MaxRecord,      \* how many records clients write
  Budget          \* how often: [crash, wipe, resign, change, snapshot |-> number]

CONSTANTS         \* model: reductions, each with the value that switches it off
  Slot,           \* exchanges that a fetcher may have on the wire: {1}.  Off: {1, 2}, the older ones late or abandoned
  Batch,          \* entries in an answer at most: a large number, all there are.  Off: 1
  SyncApart,      \* "never": what is appended is synced in the same step, which is right where nothing crashes; "crashing":
                  \* a step of its own as long as crashes may come; "always".  Off: "parts", one that may end before the log does
  FetchAlways,    \* FALSE: no fetch that would change nothing.  Off: TRUE
  AskAround       \* FALSE: only followers fetch, and epochs are heard of from candidates and leaders.  Off: TRUE, whoever may
                  \* have lost the leader asks anybody by a fetch, and refusals name epochs, too

CONSTANT Bugs     \* the mistakes that are made, {} in the product; see Quorum.models.json

Bug(b) == b \in Bugs

VARIABLES
  \* The hard state, a small file (KRaft's quorum-state) that is synced before anything else follows from it.
  epoch,          \* the newest epoch the server knows
  voted,          \* whom it voted for in it, a key; or Nobody
  leader,         \* who leads it as far as the server knows; or Nobody
  \* The rest of a server.
  role,           \* "Unattached", "Follower", "Prospective", "Candidate", "Leader" or "Resigned"
  directory,      \* id of its disk: a number that grows when the disk is replaced
  log,            \* entries: [epoch, kind, id, voters]
  synced,         \* how many of them a crash cannot take
  start,          \* how many of them are readable only as a snapshot; the log starts behind
  hw,             \* how many of them it knows to be committed: the high watermark
  ends,           \* a leader's view of the others: how far each has got, and on which disk
  \* Between servers.
  net,            \* what each fetcher has on the wire: a request or its answer
  asked,          \* votes and pre-votes that were requested
  votes,          \* votes and pre-votes that were granted, pre-votes also when refused
  elected,        \* who won: [epoch, leader]; what BeginQuorumEpoch announces and every answer carries
  \* For the checker only.
  committed,      \* model: the longest prefix that a leader ever counted as committed
  records,        \* model: how many records were written
  left            \* model: what is left of the budget

hardState == <<epoch, voted, leader>>
disk      == <<log, synced, start>>
facts     == <<asked, votes, elected>>
vars == <<epoch, voted, leader, role, directory, log, synced, start, hw, ends, net, asked, votes, elected, committed, records,
          left>>

-----------------------------------------------------------------------------
(* Words.  Entries are counted from 1; an offset is a number of entries, so "the end" of a log is its length. *)

Max(S) == CHOOSE x \in S : \A y \in S : x >= y
Min(S) == CHOOSE x \in S : \A y \in S : x <= y
LastEpoch(entries) == IF entries = <<>> THEN 0 ELSE entries[Len(entries)].epoch
Quorum(keys, voters) == keys \subseteq voters /\ 2 * Cardinality(keys) > Cardinality(voters)

(* A voter is a server with a certain disk, so that one that comes back with an empty disk is somebody else.
   ReplicaKey; KIP-853, "directory id". *)
Key(s) == <<s, IF Bug("NoDirectoryId") THEN 0 ELSE directory[s]>>

(* The voters by a server's log: those of the newest entry that says so, committed or not; a snapshot carries them along.
   LogOutline.voters; Raft dissertation 4.1, KIP-853. *)
VotersBy(entries, from) ==
  LET said == {i \in from..Len(entries) : entries[i].kind = "voters"}
  IN IF said = {} THEN {<<s, 0>> : s \in InitialVoters} ELSE entries[Max(said)].voters
Said(s)   == IF Bug("SnapshotWithoutVoters") THEN start[s] + 1 ELSE 1   \* where its log begins to say who votes
Voters(s) == VotersBy(log[s], Said(s))

Entry(e, kind, id, voters) == [epoch |-> e, kind |-> kind, id |-> id, voters |-> voters]

Syncs == SyncApart \in {"always", "parts"} \/ (SyncApart = "crashing" /\ left.crash > 0)  \* syncing is a step of its own

NoEnds == [x \in Server |-> [directory |-> 0, offset |-> -1]]
Nothing == [type |-> "Nothing"]

(* Takes another place in the quorum.  Whoever led forgets how far the others were. *)
Enter(s, newRole, newEpoch, newLeader, newVoted) ==
  /\ role'   = [role   EXCEPT ![s] = newRole]
  /\ epoch'  = [epoch  EXCEPT ![s] = newEpoch]
  /\ leader' = [leader EXCEPT ![s] = newLeader]
  /\ voted'  = [voted  EXCEPT ![s] = newVoted]
  /\ ends'   = [ends   EXCEPT ![s] = NoEnds]

(* How many voters have entry n durably, as the leader knows.  It counts itself by its own disk; it need not be a voter any
   more: until its own removal is committed it leads, without being counted. *)
Holders(s, entries, durable, known, n) ==
  LET voters == VotersBy(entries, Said(s))
      own    == IF Bug("CountsUnsyncedEnd") THEN Len(entries) ELSE durable
  IN {v \in voters : IF v = Key(s) THEN own >= n
                     ELSE known[v[1]].directory = v[2] /\ known[v[1]].offset >= n}

(* What is committed with these entries and ends: up to the last entry of the leader's *own* epoch that a majority holds, and
   so everything before it.  An older entry that a majority holds may still be overwritten (Raft 5.4.2 and figure 8).
   Leadership.committed. *)
Commit(s, entries, durable, known) ==
  LET voters == VotersBy(entries, Said(s))
      enough(n) == 2 * (Cardinality(Holders(s, entries, durable, known, n))
                        + IF Bug("LeaderAlwaysCounts") /\ Key(s) \notin voters THEN 1 ELSE 0) > Cardinality(voters)
      held == {n \in (hw[s] + 1)..Len(entries) : enough(n) /\ (entries[n].epoch = epoch[s] \/ Bug("CommitsOldEpoch"))}
      new  == IF held = {} THEN hw[s] ELSE Max(held)
  IN /\ hw' = [hw EXCEPT ![s] = new]
     /\ committed' = IF new > Len(committed) THEN SubSeq(entries, 1, new) ELSE committed

(* The leader appends one entry. *)
LeaderAppend(s, entry, known) ==
  LET entries == Append(log[s], entry)
      durable == IF Syncs THEN synced[s] ELSE Len(entries)
  IN /\ log'    = [log EXCEPT ![s] = entries]
     /\ synced' = [synced EXCEPT ![s] = durable]
     /\ Commit(s, entries, durable, known)

-----------------------------------------------------------------------------
(* Elections.  QuorumMachine takes these steps, ElectionTally counts, HardState is what Persist writes before a vote leaves. *)

Request(s, pre, e) ==
  [pre |-> pre, epoch |-> e, candidate |-> Key(s), voters |-> Voters(s), lastEpoch |-> LastEpoch(log[s]), end |-> Len(log[s])]
Ballot(pre, e, voter, candidate, granted) ==
  [pre |-> pre, epoch |-> e, voter |-> voter, candidate |-> candidate, granted |-> granted]
Tally(s, pre) ==
  {v \in Voters(s) : Ballot(pre, epoch[s], v, Key(s), TRUE) \in votes}

(* Who may try to lead: a voter, by its own log; and one that was a voter somewhere behind what it knows to be committed.  For if
   nobody else has the entry that removes it, nobody else can be elected: the others lack that entry, and it does not vote for them.
   It wins without its own vote.  After a restart it knows less of what is committed, and tries rather once too often.
   QuorumMachine.mayLead; Raft dissertation 4.2.2. *)
MayLead(s) ==
  \/ Key(s) \in Voters(s)
  \/ /\ ~Bug("RemovedStaysAway")
     /\ \E n \in hw[s]..(IF Bug("RemovedForgets") THEN Min({hw[s], Len(log[s])}) ELSE Len(log[s])) :
          Key(s) \in VotersBy(SubSeq(log[s], 1, n), Said(s))

(* The candidate's log is at least as new as the server's own (Raft 5.4.1). *)
UpToDate(s, q) ==
  \/ q.lastEpoch > LastEpoch(log[s])
  \/ q.lastEpoch = LastEpoch(log[s]) /\ q.end >= Len(log[s])
  \/ Bug("NoLogComparison")

(* A voter that hears from no leader asks whether it would win, and leaves the epoch as it is (KIP-996).
   QuorumMachine.startPreVote. *)
StartPreVote(s) ==
  /\ PreVote /\ role[s] \notin {"Leader", "Prospective"} /\ MayLead(s) /\ epoch[s] < MaxEpoch
  /\ role'  = [role EXCEPT ![s] = "Prospective"]
  /\ asked' = asked \cup {Request(s, TRUE, epoch[s])}
  /\ votes' = votes \cup {Ballot(TRUE, epoch[s], Key(s), Key(s), TRUE)}
  /\ UNCHANGED <<hardState, directory, disk, hw, ends, net, elected, committed, records, left>>

(* A pre-vote is answered.  A newer epoch is taken over, as from any request; beyond that the answer changes nothing.  The
   leader refuses, and so may a follower: those that have lately heard from the leader do, those that have not grant it.
   QuorumMachine.onVote; KIP-996. *)
AnswerPreVoteTo(s, q) ==
  /\ q.pre /\ q.candidate # Key(s) /\ Key(s) \in q.voters
  /\ \E granted \in BOOLEAN :
       LET mayGrant  == UpToDate(s, q) /\ q.epoch >= epoch[s] /\ (q.epoch > epoch[s] \/ role[s] # "Leader")
           mayRefuse == ~mayGrant \/ (q.epoch = epoch[s] /\ role[s] = "Follower")
           ballot    == Ballot(TRUE, q.epoch, Key(s), q.candidate, granted)
       IN /\ IF granted THEN mayGrant ELSE mayRefuse
          /\ ballot \notin votes
          /\ votes' = votes \cup {ballot}
                      \cup IF Bug("PreVoteCounts") /\ granted
                             THEN {Ballot(FALSE, q.epoch + 1, Key(s), q.candidate, TRUE)} ELSE {}
  /\ IF q.epoch > epoch[s]
       THEN Enter(s, "Unattached", q.epoch, Nobody, Nobody)
       ELSE UNCHANGED <<hardState, role, ends>>
  /\ UNCHANGED <<directory, disk, hw, net, asked, elected, committed, records, left>>
AnswerPreVote(s) == \E q \in asked : AnswerPreVoteTo(s, q)

(* A majority refused, or time ran out: back to where it was.  QuorumMachine.giveUp; KIP-996. *)
GiveUp(s) ==
  /\ role[s] = "Prospective"
  /\ role' = [role EXCEPT ![s] = IF leader[s] = Nobody THEN "Unattached" ELSE IF leader[s] = s THEN "Resigned" ELSE "Follower"]
  /\ UNCHANGED <<hardState, directory, disk, hw, ends, net, facts, committed, records, left>>

(* A voter opens the next epoch and votes for itself; with pre-vote only when a majority said that it would win.
   QuorumMachine.campaign; Raft 5.2. *)
Campaign(s) ==
  /\ role[s] # "Leader" /\ MayLead(s) /\ epoch[s] < MaxEpoch
  /\ PreVote => role[s] = "Prospective" /\ Quorum(Tally(s, TRUE), Voters(s))
  /\ Enter(s, "Candidate", epoch[s] + 1, Nobody, Key(s))
  /\ asked' = asked \cup {Request(s, FALSE, epoch[s] + 1)}
  /\ votes' = votes \cup {Ballot(FALSE, epoch[s] + 1, Key(s), Key(s), TRUE)}
  /\ UNCHANGED <<directory, disk, hw, net, elected, committed, records, left>>

(* A vote is asked for.  A newer epoch is taken over in any case.  It is granted once in an epoch, to a candidate whose log is
   up to date, while no leader of the epoch is known; an observer grants it too, for the candidate may know better who votes.
   The hard state is durable before the answer leaves.  QuorumMachine.onVote; Raft 5.2, 5.4.1, KIP-853. *)
AnswerVoteTo(s, q) ==
  /\ ~q.pre /\ q.candidate # Key(s) /\ Key(s) \in q.voters /\ q.epoch >= epoch[s]
  /\ LET newer  == q.epoch > epoch[s]
         free   == newer \/ Bug("VotesTwice") \/ (leader[s] = Nobody /\ voted[s] \in {Nobody, q.candidate})
         grant  == free /\ UpToDate(s, q)
         ballot == Ballot(FALSE, q.epoch, Key(s), q.candidate, TRUE)
     IN /\ newer \/ (grant /\ ballot \notin votes)  \* model: no step that changes nothing
        /\ votes' = IF grant THEN votes \cup {ballot} ELSE votes
        /\ IF newer \/ grant
             THEN Enter(s, "Unattached", q.epoch, Nobody, IF grant THEN q.candidate ELSE Nobody)
             ELSE UNCHANGED <<hardState, role, ends>>
  /\ UNCHANGED <<directory, disk, hw, net, asked, elected, committed, records, left>>
AnswerVote(s) == \E q \in asked : AnswerVoteTo(s, q)

(* A majority of the voters, by its own log, voted for it.  It leads, and the first thing it appends is that it does: only an
   entry of its own epoch lets it commit anything.  ElectionTally, QuorumMachine; Raft 5.2, KIP-595 "LeaderChangeMessage". *)
Lead(s) ==
  /\ role[s] = "Candidate" /\ Quorum(Tally(s, FALSE), Voters(s))
  /\ role'    = [role EXCEPT ![s] = "Leader"]
  /\ leader'  = [leader EXCEPT ![s] = s]
  /\ elected' = elected \cup {[epoch |-> epoch[s], leader |-> s]}
  /\ LeaderAppend(s, Entry(epoch[s], "leader", 0, {}), NoEnds)
  /\ UNCHANGED <<epoch, voted, directory, start, ends, net, asked, votes, records, left>>

(* Whoever hears who leads, by BeginQuorumEpoch or from the answer to a request of its own, follows.  An answer may also name a newer
   epoch in which nobody leads.  QuorumMachine.hear; KIP-595. *)
Follow(s) ==
  /\ \/ \E a \in elected :
          /\ a.leader # s
          /\ a.epoch > epoch[s] \/ (a.epoch = epoch[s] /\ leader[s] = Nobody)
          /\ Enter(s, "Follower", a.epoch, a.leader, IF a.epoch > epoch[s] THEN Nobody ELSE voted[s])
     \/ /\ AskAround
        /\ \E q \in asked : ~q.pre /\ q.epoch > epoch[s] /\ Enter(s, "Unattached", q.epoch, Nobody, Nobody)
  /\ UNCHANGED <<directory, disk, hw, net, facts, committed, records, left>>

(* A leader that hears from no majority (who fetches a snapshot is heard, too), is being shut down, or is no voter any more, stops
   leading.  It leads this epoch never again.  QuorumMachine.resign, which sends EndQuorumEpoch; KIP-595, Raft dissertation 6.2. *)
Resign(s) ==
  /\ left.resign > 0 /\ role[s] = "Leader"
  /\ role' = [role EXCEPT ![s] = "Resigned"]
  /\ ends' = [ends EXCEPT ![s] = NoEnds]
  /\ left' = [left EXCEPT !.resign = @ - 1]
  /\ UNCHANGED <<hardState, directory, disk, hw, net, facts, committed, records>>

-----------------------------------------------------------------------------
(* The leader's log. *)

(* A client's record.  QuorumMachine.onAppend. *)
Write(s) ==
  /\ role[s] = "Leader" /\ records < MaxRecord
  /\ records' = records + 1
  /\ LeaderAppend(s, Entry(epoch[s], "data", records + 1, {}), ends[s])
  /\ UNCHANGED <<hardState, role, directory, start, ends, net, facts, left>>

(* One voter is added, an observer that has fetched in this epoch (or it might never answer), or one is removed.  Not before the
   last change is committed, and not before the leader has committed an entry of its own epoch: without the latter, two leaders
   could each change the voters of a common past and have majorities that do not meet (Ongaro, "bug in single-server membership
   changes", 2015).  VoterChanges.refusal; KIP-853, Raft dissertation 4.1. *)
ChangeVoters(s) ==
  /\ left.change > 0 /\ role[s] = "Leader"
  /\ (\A i \in (hw[s] + 1)..Len(log[s]) : log[s][i].kind # "voters") \/ Bug("SecondChangeInFlight")
  /\ (hw[s] > 0 /\ log[s][hw[s]].epoch = epoch[s]) \/ Bug("ChangeBeforeOwnCommit")
  /\ \E x \in Server :
       LET voters == Voters(s)
           same   == {v \in voters : v[1] = x}
           fresh  == <<x, ends[s][x].directory>>
       IN /\ IF same = {} THEN ends[s][x].offset >= 0 \/ Bug("AddsUnheard") ELSE Cardinality(voters) > 1
          /\ LeaderAppend(s, Entry(epoch[s], "voters", 0, IF same = {} THEN voters \cup {fresh} ELSE voters \ same), ends[s])
  /\ left' = [left EXCEPT !.change = @ - 1]
  /\ UNCHANGED <<hardState, role, directory, start, ends, net, facts, records>>

-----------------------------------------------------------------------------
(* Fetching. *)

(* The last of a server's epochs that is not after e, and where it ends: what the leader answers to a fetch that does not fit,
   and what the follower compares it with.  Below its snapshot a server knows no epoch but the snapshot's own.
   LeaderEpochs.endOffset; KIP-101, KIP-279, KIP-630. *)
EpochEnd(s, e) ==
  LET upTo == {i \in 1..Len(log[s]) : i >= start[s] /\ log[s][i].epoch <= e}
  IN IF upTo = {} THEN [epoch |-> 0, end |-> start[s]] ELSE [epoch |-> log[s][Max(upTo)].epoch, end |-> Max(upTo)]
SnapshotEpoch(s) == IF start[s] = 0 THEN 0 ELSE log[s][start[s]].epoch

(* A follower asks for what comes behind its log, once all of its log is durable: so the offset is an acknowledgement.  An
   observer does the same and is not counted.  Who asks around for a leader may meet one, so it keeps to that as well.
   QuorumMachine.fetch and askAround; KIP-595. *)
Whom(f) ==
  IF AskAround /\ role[f] \in {"Unattached", "Follower", "Resigned"} THEN Server \ {f}
  ELSE IF role[f] = "Follower" THEN {leader[f]} ELSE {}
SendFetch(f, i) ==
  /\ net[f][i] = Nothing
  /\ synced[f] = Len(log[f]) \/ Bug("FetchesFromUnsyncedEnd")
  /\ \E l \in Whom(f) :
     /\ FetchAlways \/ ~(/\ role[l] = "Leader" /\ epoch[l] = epoch[f] /\ log[l] = log[f] /\ hw[l] = hw[f]
                         /\ ends[l][f] = [directory |-> Key(f)[2], offset |-> Len(log[f])])
     /\ net' = [net EXCEPT ![f][i] = [type |-> "Fetch", to |-> l, epoch |-> epoch[f], directory |-> Key(f)[2],
                                      offset |-> Len(log[f]), lastEpoch |-> LastEpoch(log[f])]]
  /\ UNCHANGED <<hardState, role, directory, disk, hw, ends, facts, committed, records, left>>

(* The leader answers: with a snapshot when the log does not reach back so far, with where the logs part when they do, else with
   entries, and then it counts the fetch.  A fetch of another epoch it refuses.  QuorumMachine.onFetch; KIP-595, 630. *)
AnswerFetch(f, i) ==
  /\ net[f][i].type = "Fetch"
  /\ LET q    == net[f][i]
         l    == q.to
         own  == EpochEnd(l, q.lastEpoch)
         answer(type, entries, end) ==
           net' = [net EXCEPT ![f][i] = [type |-> type, epoch |-> q.epoch, base |-> q.offset, entries |-> entries, end |-> end]]
         known == [ends[l] EXCEPT ![f] = [directory |-> q.directory, offset |-> q.offset]]
     IN IF role[l] # "Leader" \/ epoch[l] # q.epoch
          THEN net' = [net EXCEPT ![f][i] = Nothing] /\ UNCHANGED <<hw, ends, committed>>
        ELSE IF q.offset < start[l] \/ q.lastEpoch < SnapshotEpoch(l)
          THEN answer("Snapshot", SubSeq(log[l], 1, start[l]), [epoch |-> 0, end |-> start[l]])
               /\ UNCHANGED <<hw, ends, committed>>
        ELSE IF q.offset > own.end \/ (own.epoch # q.lastEpoch /\ ~Bug("NoEpochInDivergence"))
          THEN answer("Diverging", <<>>, own) /\ UNCHANGED <<hw, ends, committed>>
        ELSE /\ ends' = [ends EXCEPT ![l] = known]
             /\ Commit(l, log[l], synced[l], known)
             /\ answer("Entries", SubSeq(log[l], q.offset + 1, Min({Len(log[l]), q.offset + Batch})),
                       [epoch |-> 0, end |-> hw'[l]])
  /\ UNCHANGED <<hardState, role, directory, disk, facts, records, left>>

(* The answer is still what the follower waits for. *)
Awaited(f, i) == role[f] = "Follower" /\ epoch[f] = net[f][i].epoch /\ Len(log[f]) = net[f][i].base
Free(f, i)    == net' = [net EXCEPT ![f][i] = Nothing]

(* Entries: append, and learn how far they are committed.  QuorumMachine.takeEntries; KIP-595. *)
TakeEntries(f, i) ==
  /\ net[f][i].type = "Entries" /\ Awaited(f, i)
  /\ LET entries == log[f] \o net[f][i].entries
     IN /\ log' = [log EXCEPT ![f] = entries]
        /\ synced' = [synced EXCEPT ![f] = IF Syncs THEN @ ELSE Len(entries)]
        /\ hw' = [hw EXCEPT ![f] = Max({@, Min({net[f][i].end.end, Len(entries)})})]
  /\ Free(f, i)
  /\ UNCHANGED <<hardState, role, directory, start, ends, facts, committed, records, left>>

(* The logs part: cut back to where they can still agree, then fetch again.  QuorumMachine.cutBack; KIP-595. *)
CutBack(f, i) ==
  /\ net[f][i].type = "Diverging" /\ Awaited(f, i)
  /\ LET end == Min({net[f][i].end.end, EpochEnd(f, net[f][i].end.epoch).end})
     IN /\ log' = [log EXCEPT ![f] = SubSeq(@, 1, end)]
        /\ synced' = [synced EXCEPT ![f] = Min({@, end})]
  /\ Free(f, i)
  /\ UNCHANGED <<hardState, role, directory, start, hw, ends, facts, committed, records, left>>

(* The leader's snapshot, fetched in pieces that need no step of their own because a snapshot never changes, replaces the log.
   QuorumMachine.onSnapshotFetched; KIP-630 "FetchSnapshot". *)
TakeSnapshot(f, i) ==
  /\ net[f][i].type = "Snapshot" /\ Awaited(f, i)
  /\ LET end == Len(net[f][i].entries)
     IN /\ log'    = [log    EXCEPT ![f] = net[f][i].entries]
        /\ synced' = [synced EXCEPT ![f] = end]
        /\ start'  = [start  EXCEPT ![f] = end]
        /\ hw'     = [hw     EXCEPT ![f] = Max({@, end})]
  /\ Free(f, i)
  /\ UNCHANGED <<hardState, role, directory, ends, facts, committed, records, left>>

(* An answer that nobody waits for any more.  That a message is lost needs no step: it is one that waits for ever, while its
   sender, having given it up, goes on in another slot. *)
Discard(f, i) ==
  /\ net[f][i].type \in {"Entries", "Diverging", "Snapshot"} /\ ~Awaited(f, i)
  /\ Free(f, i)
  /\ UNCHANGED <<hardState, role, directory, disk, hw, ends, facts, committed, records, left>>

-----------------------------------------------------------------------------
(* The disk. *)

(* What was appended is durable, up to where the log ended when the sync began; only now a follower asks for more, and a leader
   counts itself.  QuorumMachine.onSynced. *)
Sync(s) ==
  /\ synced[s] < Len(log[s])
  /\ \E end \in (IF SyncApart = "parts" THEN synced[s] + 1 ELSE Len(log[s]))..Len(log[s]) :
       /\ synced' = [synced EXCEPT ![s] = end]
       /\ IF role[s] = "Leader" THEN Commit(s, log[s], end, ends[s]) ELSE UNCHANGED <<hw, committed>>
  /\ UNCHANGED <<hardState, role, directory, log, start, ends, net, facts, records, left>>

(* A snapshot of what is committed takes the place of the log before it.  QuorumMachine.onSnapshotTaken; KIP-630. *)
Snapshot(s) ==
  /\ left.snapshot > 0
  /\ \E n \in (start[s] + 1)..(IF Bug("SnapshotAboveHighWatermark") THEN synced[s] ELSE Min({hw[s], synced[s]})) :
       start' = [start EXCEPT ![s] = n]
  /\ left' = [left EXCEPT !.snapshot = @ - 1]
  /\ UNCHANGED <<hardState, role, directory, log, synced, hw, ends, net, facts, committed, records>>

(* A crash and the start after it.  Of the log the synced part stays and any piece of the rest.  Unsynced, the hard state may be
   what it was at first (any older version would do as well; model: the oldest).  A leader that finds itself to have led does
   not go on: it may have lost entries that a follower has, and would give their offsets to others.
   The constructor of QuorumMachine; Raft 5.2, KIP-595. *)
Crash(s) ==
  /\ left.crash > 0
  /\ \E kept \in synced[s]..Len(log[s]), hardStateKept \in IF HardStateSync THEN {TRUE} ELSE BOOLEAN :
       LET l == IF hardStateKept THEN leader[s] ELSE Nobody
       IN /\ Enter(s, IF l = Nobody THEN "Unattached"
                      ELSE IF l # s THEN "Follower"
                      ELSE IF Bug("LeadsOnAfterRestart") THEN "Leader" ELSE "Resigned",
                   IF hardStateKept THEN epoch[s] ELSE 0, l,
                   IF hardStateKept /\ ~Bug("VoteNotPersisted") THEN voted[s] ELSE Nobody)
          /\ log'    = [log    EXCEPT ![s] = SubSeq(@, 1, kept)]
          /\ synced' = [x \in Server |-> IF x = s THEN kept
                                         ELSE IF SyncApart = "crashing" /\ left.crash = 1 THEN Len(log[x])  \* model
                                         ELSE synced[x]]
  /\ hw'   = [hw EXCEPT ![s] = start[s]]
  /\ left' = [left EXCEPT !.crash = @ - 1]
  /\ UNCHANGED <<directory, start, net, facts, committed, records>>

(* The disk is replaced by an empty one, which gets a directory id of its own.  By that it is another replica, one that does not
   vote until it is made a voter.  HardState.FIRST; KIP-853. *)
Wipe(s) ==
  /\ left.wipe > 0
  /\ Enter(s, "Unattached", 0, Nobody, Nobody)
  /\ directory' = [directory EXCEPT ![s] = @ + 1]
  /\ log'    = [log    EXCEPT ![s] = <<>>]
  /\ synced' = [synced EXCEPT ![s] = 0]
  /\ start'  = [start  EXCEPT ![s] = 0]
  /\ hw'     = [hw     EXCEPT ![s] = 0]
  /\ left'   = [left   EXCEPT !.wipe = @ - 1]
  /\ UNCHANGED <<net, facts, committed, records>>

-----------------------------------------------------------------------------

Init ==
  /\ epoch  = [s \in Server |-> 0]
  /\ voted  = [s \in Server |-> Nobody]
  /\ leader = [s \in Server |-> Nobody]
  /\ role   = [s \in Server |-> "Unattached"]
  /\ directory = [s \in Server |-> 0]
  /\ log    = [s \in Server |-> <<>>]
  /\ synced = [s \in Server |-> 0]
  /\ start  = [s \in Server |-> 0]
  /\ hw     = [s \in Server |-> 0]
  /\ ends   = [s \in Server |-> NoEnds]
  /\ net    = [s \in Server |-> [i \in Slot |-> Nothing]]
  /\ asked = {} /\ votes = {} /\ elected = {}
  /\ committed = <<>> /\ records = 0 /\ left = Budget

(* Model: a later start, to get further in the same time: the first leader is elected and everybody knows it. *)
LedInit ==
  \E l \in Server :
    /\ l \in InitialVoters
    /\ epoch  = [s \in Server |-> 1]
    /\ voted  = [s \in Server |-> IF s \in InitialVoters THEN <<l, 0>> ELSE Nobody]
    /\ leader = [s \in Server |-> l]
    /\ role   = [s \in Server |-> IF s = l THEN "Leader" ELSE "Follower"]
    /\ directory = [s \in Server |-> 0]
    /\ log    = [s \in Server |-> IF s = l THEN <<Entry(1, "leader", 0, {})>> ELSE <<>>]
    /\ synced = [s \in Server |-> IF s = l /\ SyncApart = "never" THEN 1 ELSE 0]
    /\ start  = [s \in Server |-> 0]
    /\ hw     = [s \in Server |-> 0]
    /\ ends   = [s \in Server |-> NoEnds]
    /\ net    = [s \in Server |-> [i \in Slot |-> Nothing]]
    /\ asked = {} /\ votes = {} /\ elected = {[epoch |-> 1, leader |-> l]}  \* model: the old requests can do no more
    /\ committed = <<>> /\ records = 0 /\ left = Budget

(* A log from before there was a quorum: the only voter has acknowledged an entry by itself, in epoch 0, in which nobody was ever
   voted for.  Nobody else has a log.  QuorumStorage.isOfOneWriter. *)
OneWriterInit ==
  \E s \in InitialVoters :
    LET old == <<Entry(0, "data", 1, {})>>
    IN /\ epoch  = [x \in Server |-> 0]
       /\ voted  = [x \in Server |-> Nobody]
       /\ leader = [x \in Server |-> Nobody]
       /\ role   = [x \in Server |-> "Unattached"]
       /\ directory = [x \in Server |-> 0]
       /\ log    = [x \in Server |-> IF x = s THEN old ELSE <<>>]
       /\ synced = [x \in Server |-> IF x = s THEN 1 ELSE 0]
       /\ start  = [x \in Server |-> 0]
       /\ hw     = [x \in Server |-> 0]
       /\ ends   = [x \in Server |-> NoEnds]
       /\ net    = [x \in Server |-> [i \in Slot |-> Nothing]]
       /\ asked = {} /\ votes = {} /\ elected = {}
       /\ committed = old /\ records = 1 /\ left = Budget

(* Model, a bound: the last crash happens in the first reign. *)
CrashEarly == left.crash = 0 \/ \A s \in Server : epoch[s] <= 1

Next ==
  \/ \E s \in Server : StartPreVote(s)
  \/ \E s \in Server : AnswerPreVote(s)
  \/ \E s \in Server : GiveUp(s)
  \/ \E s \in Server : Campaign(s)
  \/ \E s \in Server : AnswerVote(s)
  \/ \E s \in Server : Lead(s)
  \/ \E s \in Server : Follow(s)
  \/ \E s \in Server : Resign(s)
  \/ \E s \in Server : Write(s)
  \/ \E s \in Server : ChangeVoters(s)
  \/ \E s \in Server, i \in Slot : SendFetch(s, i)
  \/ \E s \in Server, i \in Slot : AnswerFetch(s, i)
  \/ \E s \in Server, i \in Slot : TakeEntries(s, i)
  \/ \E s \in Server, i \in Slot : CutBack(s, i)
  \/ \E s \in Server, i \in Slot : TakeSnapshot(s, i)
  \/ \E s \in Server, i \in Slot : Discard(s, i)
  \/ \E s \in Server : Sync(s)
  \/ \E s \in Server : Snapshot(s)
  \/ \E s \in Server : Crash(s)
  \/ \E s \in Server : Wipe(s)

Spec == Init /\ [][Next]_vars
LedSpec == LedInit /\ [][Next]_vars
OneWriterSpec == OneWriterInit /\ [][Next]_vars

-----------------------------------------------------------------------------
(* What holds in every state. *)

Keys    == Server \X (0..Budget.wipe)
Entries == [epoch : 0..MaxEpoch, kind : {"leader", "data", "voters"}, id : 0..MaxRecord, voters : SUBSET Keys]

TypeOK ==
  /\ epoch  \in [Server -> 0..MaxEpoch]
  /\ voted  \in [Server -> Keys \cup {Nobody}]
  /\ leader \in [Server -> Server \cup {Nobody}]
  /\ role   \in [Server -> {"Unattached", "Follower", "Prospective", "Candidate", "Leader", "Resigned"}]
  /\ directory \in [Server -> 0..Budget.wipe]
  /\ \A s \in Server :
       /\ \A i \in DOMAIN log[s] : log[s][i] \in Entries
       /\ 0 <= start[s] /\ start[s] <= hw[s] /\ hw[s] <= Len(log[s])
       /\ start[s] <= synced[s] /\ synced[s] <= Len(log[s])
       /\ role[s] = "Leader" <=> leader[s] = s /\ role[s] \notin {"Resigned", "Prospective"}
       /\ role[s] = "Follower" => leader[s] \notin {Nobody, s}
       /\ role[s] # "Leader" => ends[s] = NoEnds
       /\ \A i \in Slot : net[s][i].type \in {"Nothing", "Fetch", "Entries", "Diverging", "Snapshot"}

(* An epoch has at most one leader. *)
ElectionSafety == \A a, b \in elected : a.epoch = b.epoch => a = b

(* A voter votes for one candidate in an epoch. *)
VoteOnce == \A a, b \in votes : ~a.pre /\ ~b.pre /\ a.epoch = b.epoch /\ a.voter = b.voter => a = b

(* Two logs that have an entry of the same epoch at the same place have the same entries up to there. *)
LogMatching ==
  \A s, t \in Server : \A n \in 1..Min({Len(log[s]), Len(log[t])}) :
    log[s][n].epoch = log[t][n].epoch => SubSeq(log[s], 1, n) = SubSeq(log[t], 1, n)

(* Who leads the newest epoch that has a leader holds all that was ever committed. *)
LeaderComplete ==
  \A s \in Server : role[s] = "Leader" /\ (\A a \in elected : a.epoch <= epoch[s]) => IsPrefix(committed, log[s])

(* What a server takes for committed is committed. *)
StateMachineSafety == \A s \in Server : IsPrefix(SubSeq(log[s], 1, hw[s]), committed)

(* A leader has at most one change of the voters that is not committed. *)
OneChangeInFlight ==
  \A s \in Server : role[s] = "Leader" =>
    Cardinality({n \in (hw[s] + 1)..Len(log[s]) : log[s][n].kind = "voters"}) <= 1

(* What is committed is on the disks of a majority of the voters that the committed log names, so that no crash loses it.  Disks
   that were replaced are lost, so this is claimed where none is. *)
CommittedIsDurable ==
  LET voters == VotersBy(committed, 1)
  IN Budget.wipe = 0 /\ (\A s \in Server : start[s] = 0) /\ committed # <<>>
       => \E q \in SUBSET voters :
            Quorum(q, voters) /\ \A v \in q : IsPrefix(committed, SubSeq(log[v[1]], 1, synced[v[1]]))

(* If all servers were up and spoke to each other, one of them could be elected. *)
ElectionPossible ==
  Budget.wipe = 0 =>
    \E s \in Server :
      /\ MayLead(s)
      /\ Quorum({v \in Voters(s) : UpToDate(v[1], [lastEpoch |-> LastEpoch(log[s]), end |-> Len(log[s])])}, Voters(s))

(* What holds of every step. *)

(* On one disk, the epoch never falls and a vote is never changed or forgotten within it. *)
VotesPersist ==
  [][\A s \in Server : directory'[s] = directory[s] =>
       \/ epoch'[s] > epoch[s]
       \/ epoch'[s] = epoch[s] /\ (voted[s] # Nobody => voted'[s] = voted[s])]_vars

(* A leader only appends. *)
LeaderAppendsOnly ==
  [][\A s \in Server : role[s] = "Leader" /\ role'[s] = "Leader" /\ epoch'[s] = epoch[s] => IsPrefix(log[s], log'[s])]_vars

(* Nobody gives up an entry that it knows to be committed, unless it crashes or loses its disk. *)
CommittedStays ==
  [][\A s \in Server : left'.crash = left.crash /\ left'.wipe = left.wipe =>
       hw'[s] >= hw[s] /\ IsPrefix(SubSeq(log[s], 1, hw[s]), log'[s])]_vars

(* An answered pre-vote leaves the vote of the epoch alone: whoever was in it already keeps role, vote and leader. *)
PreVoteChangesNothing ==
  [][(\E b \in votes' \ votes : b.pre /\ b.voter # b.candidate) =>
       \A s \in Server : epoch'[s] = epoch[s] => voted'[s] = voted[s] /\ role'[s] = role[s]]_vars

(* The quorum is a log that only ever grows at its end.  Whatever is committed may be acknowledged. *)
Abstract == INSTANCE CommittedLog WITH log <- committed, acked <- Range(committed), received <- <<>>, Value <- {}, Reader <- {}
ImplementsCommittedLog == Abstract!Promise

-----------------------------------------------------------------------------
(* What can be reached, so that nothing holds because nothing happens. *)

SomethingCommitted == records > 0 /\ \E n \in DOMAIN committed : committed[n].kind = "data"
AllCommitted       == records = MaxRecord /\ \A s \in Server : hw[s] = Len(log[s]) /\ log[s] = committed /\ hw[s] > 1
SecondLeader       == \E a, b \in elected : a.epoch # b.epoch /\ a.leader # b.leader
TwoLeadersAtOnce   == \E s, t \in Server : s # t /\ role[s] = "Leader" /\ role[t] = "Leader"
DivergenceFound ==
  \E f \in Server, i \in Slot : net[f][i].type = "Diverging" /\ Awaited(f, i) /\ net[f][i].end.end < Len(log[f])
VoteRefused ==
  \E s, t \in Server : \E q \in asked : s # t /\ q.candidate = Key(t) /\ ~q.pre /\ epoch[s] = q.epoch /\ ~UpToDate(s, q)
PreVoteRefused     == \E b \in votes : b.pre /\ ~b.granted
PreVoteLost        ==
  \E s \in Server : role[s] = "Prospective" /\ 2 * Cardinality(
    {v \in Voters(s) : Ballot(TRUE, epoch[s], v, Key(s), FALSE) \in votes}) >= Cardinality(Voters(s))
ElectedByPreVote   == \E s \in Server, q \in asked : role[s] = "Leader" /\ q.pre /\ q.candidate = Key(s) /\ q.epoch = epoch[s] - 1
TailLost           == left.crash < Budget.crash /\ \E s \in Server : role[s] = "Resigned" /\ LastEpoch(log[s]) < epoch[s]
SnapshotTaken ==
  \E f \in Server : start[f] > 0 /\ role[f] = "Follower" /\ start[f] = start[leader[f]] /\ left.snapshot = Budget.snapshot - 1
CaughtUpBySnapshot == SnapshotTaken /\ \E f \in Server : role[f] = "Follower" /\ start[f] > 0 /\ Len(log[f]) > start[f]
VoterAdded ==
  \E n \in DOMAIN committed : committed[n].kind = "voters" /\ Cardinality(committed[n].voters) > Cardinality(InitialVoters)
VoterRemoved ==
  \E n \in DOMAIN committed : committed[n].kind = "voters" /\ Cardinality(committed[n].voters) < Cardinality(InitialVoters)
SecondChange       == Cardinality({n \in DOMAIN committed : committed[n].kind = "voters"}) = 2
LeaderRemovedItself ==
  \E s \in Server : role[s] = "Leader" /\ hw[s] > 0 /\ log[s][hw[s]].kind = "voters" /\ Key(s) \notin log[s][hw[s]].voters
ReplacedDiskVotes  == \E n \in DOMAIN committed : \E v \in committed[n].voters : v[2] > 0
(* Who led first leads again, and another that led in between has an entry of which it does not know. *)
FirstLeadsAgain ==
  \E s, t \in Server : role[s] = "Leader" /\ epoch[s] = 3 /\ log[s][1].epoch = 1 /\ log[t] # <<>> /\ log[t][1].epoch = 2
(* Figure 8 of Raft: an entry of an older epoch is on a majority, and rightly not committed yet. *)
FigureEight ==
  \E s \in Server : role[s] = "Leader" /\ \E n \in (hw[s] + 1)..Len(log[s]) :
    log[s][n].epoch < epoch[s] /\ Quorum(Holders(s, log[s], synced[s], ends[s], n), Voters(s))
=============================================================================
